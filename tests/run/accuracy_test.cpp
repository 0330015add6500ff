// The integer datapath against the infinitely precise integer result, over many outputs: every norm, awkward
// shapes, hard data. BPUSIM_ACCURACY_OUTPUTS sets how many (scripts/accuracy asks for 10^8).
#include "sim/quantise/accuracy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "kernels/norms/datapath.h"
#include "kernels/norms/golden.h"
#include "models/machine_params.h"
#include "sim/lowering/tiling.h"
#include "sim/operators/norm_problem.h"
#include "sim/scenario/workload.h"

namespace bpusim {
namespace {

TensorPlace place_on(const Quantisation& grid) {
  TensorPlace place;
  place.grid = grid;
  return place;
}

// The datapath on a whole tensor, one block of sets at a time.
std::vector<std::int64_t> integer_norm(const NormProblem& problem, const std::vector<std::int64_t>& codes,
                                       const Quantisation& in, const Quantisation& out,
                                       const NumericWidths& widths) {
  std::vector<std::int64_t> y(codes.size());
  const RsqrtUnit rsqrt(widths.rsqrt);
  for (const NormPart& part : problem.parts) {
    const NormPlan plan = plan_norm(part, in, out, widths);
    for (const TileBox& block : cut(whole_view(part), block_steps(part, 1 << 16))) {
      const NormTile tile = tile_of(part, block);
      const DramBox box = dram_of(part, block, 0, 1);
      std::vector<std::int8_t> bytes;
      box.for_each_run([&](std::int64_t at, std::int64_t count) {
        bytes.insert(bytes.end(), codes.begin() + at, codes.begin() + at + count);
      });
      const auto sets = static_cast<std::size_t>(tile.set_count());
      std::vector<SetSums> sums(sets);
      std::vector<SetScale> scales(sets);
      if (part.statistic != Statistic::Given) {
        reduce_tile(tile, plan, bytes.data(), sums.data(), false);
        for (std::size_t s = 0; s < sets; ++s) scales[s] = finalise_set(plan, sums[s], rsqrt);
      }
      apply_tile(tile, plan, bytes.data(), scales.data(), plan.entries.data() + entries_of(part, block).first,
                 bytes.data());
      std::size_t next = 0;
      box.for_each_run([&](std::int64_t at, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) y[static_cast<std::size_t>(at + i)] = bytes[next++];
      });
    }
  }
  return y;
}

struct Subject {
  std::string op;
  Shape shape;
  Attributes attributes;
};

// Odd multiples of all extents, of as many elements as the least below: in a tensor of few hundred, one code
// that is off by a step is more than the loss that is allowed.
Shape enlarged(const Shape& smallest) {
  Shape shape = smallest;
  for (std::int64_t times = 17; times == 17 || element_count(shape) < 3000; times += 2)
    for (std::size_t d = 0; d < shape.size(); ++d) shape[d] = smallest[d] * times;
  return shape;
}

// Shapes that are hard to cut into tiles, and each example of rows that have none of those.
std::vector<Subject> subjects() {
  Attributes none, group, lp1, lp2, training, axis1;
  group.ints["num_groups"] = 8;
  lp1.ints = {{"axis", 1}, {"p", 1}};
  lp2.ints = {{"axis", -1}, {"p", 2}};
  training.ints["training_mode"] = 1;
  axis1.ints["axis"] = 1;
  std::vector<Subject> all = {{"BatchNormalization", {2, 32, 28, 28}, none},
                              {"BatchNormalization", {4, 16, 31, 17}, training},
                              {"LayerNormalization", {64, 768}, none},
                              {"LayerNormalization", {2, 24, 33, 35}, axis1},
                              {"InstanceNormalization", {2, 16, 37, 41}, none},
                              {"InstanceNormalization", {1, 64, 7, 7}, none},
                              {"GroupNormalization", {2, 32, 28, 28}, group},
                              {"RMSNormalization", {48, 1024}, none},
                              {"LpNormalization", {16, 96, 29}, lp1},
                              {"LpNormalization", {128, 384}, lp2},
                              {"MeanVarianceNormalization", {4, 16, 28, 28}, none},
                              {"InstanceBatchNormalization", {2, 32, 28, 28}, none}};
  for (const NormDefinition& norm : norm_registry()) {
    if (std::any_of(all.begin(), all.end(), [&](const Subject& s) { return s.op == norm.op; })) continue;
    for (const NormExample& example : norm.examples) {
      all.push_back({norm.op, enlarged(example.shape), example.attributes()});
    }
  }
  return all;
}

struct Tally {
  std::int64_t outputs = 0, exact = 0, near = 0;
  double worst_loss_db = 0;
};

// One drawn tensor of a subject through datapath, ideal and golden.
void measure(const Subject& subject, const std::string& kind, std::uint64_t seed, const NumericWidths& widths,
             Tally& tally) {
  Network network;
  OperatorSpec spec;
  spec.name = "n";
  spec.op = subject.op;
  spec.shape = subject.shape;
  spec.attributes = subject.attributes;
  spec.data.kind = kind;
  spec.seed = seed;
  MemoryBudget budget;
  add_operator(spec, budget, network);
  const NormProblem problem = norm_problem(operation_of(network.nodes[0], network));
  const auto& x = network.values.at("n.x").data->values;
  const auto golden = golden_norm(problem, x).y;
  // Data far from zero need an affine grid; the others are measured on a symmetric one.
  const Quantisation in = kind == "offset" ? affine_grid(x) : symmetric_grid(x), out = symmetric_grid(golden);
  const auto codes = quantise(x, in);
  const auto ideal = ideal_norm(problem, codes, in, out), got = integer_norm(problem, codes, in, out, widths);
  const Accuracy a = compare({{golden, got, ideal, place_on(out)}});
  const auto n = static_cast<double>(got.size());
  tally.outputs += static_cast<std::int64_t>(got.size());
  tally.exact += std::llround(a.ideal_exact_fraction * n);
  tally.near += std::llround(a.ideal_within_1lsb_fraction * n);
  tally.worst_loss_db = std::max(tally.worst_loss_db, a.ideal_loss_db);
}

TEST(Accuracy, TheIntegerContractHolds) {
  const char* wanted = std::getenv("BPUSIM_ACCURACY_OUTPUTS");
  const std::int64_t outputs = wanted != nullptr ? std::atoll(wanted) : 10'000'000;
  const NumericWidths widths = numeric_widths(NumericsParams{});
  Tally all;
  std::printf("%-28s %-16s %12s %14s %10s %12s\n", "operator", "data", "outputs", "not ideal", "over 1 LSB",
              "loss dB");
  const auto list = subjects();
  const std::int64_t cells = static_cast<std::int64_t>(list.size() * data_kinds().size());
  for (const Subject& subject : list) {
    for (const std::string& kind : data_kinds()) {
      Tally tally;
      for (std::uint64_t seed = 1; tally.outputs < outputs / cells + 1; ++seed)
        measure(subject, kind, seed, widths, tally);
      std::printf("%-28s %-16s %12lld %14lld %10lld %12.6f\n", subject.op.c_str(), kind.c_str(),
                  static_cast<long long>(tally.outputs), static_cast<long long>(tally.outputs - tally.exact),
                  static_cast<long long>(tally.outputs - tally.near), tally.worst_loss_db);
      EXPECT_LE(tally.worst_loss_db, 0.001) << subject.op << " " << kind;
      all.outputs += tally.outputs;
      all.exact += tally.exact;
      all.near += tally.near;
    }
  }
  const double exact = static_cast<double>(all.exact) / static_cast<double>(all.outputs);
  std::printf("%lld outputs: %.6f %% equal to the ideal result, %lld off by more than 1 LSB\n",
              static_cast<long long>(all.outputs), 100 * exact,
              static_cast<long long>(all.outputs - all.near));
  EXPECT_GE(all.outputs, outputs);
  EXPECT_GE(exact, 0.999999);
  EXPECT_EQ(all.near, all.outputs);
}

// The contract's widths are needed: with fewer table entries, or a narrower multiplier, more results are off.
TEST(Accuracy, NarrowerHardwareShows) {
  const auto off = [](const NumericsParams& numerics) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 4; ++seed)
      measure({"InstanceNormalization", {2, 16, 37, 41}, {}}, "normal", seed, numeric_widths(numerics),
              tally);
    return tally.outputs - tally.exact;
  };
  NumericsParams contract, table, multiplier, rounding;
  table.table_entries = 8;
  table.newton_steps = 0;
  multiplier.multiplier_bits = 8;
  rounding.rounding = Rounding::Truncate;
  const std::int64_t base = off(contract);
  EXPECT_LE(base, 2);
  EXPECT_GT(off(table), base + 50);
  EXPECT_GT(off(multiplier), base + 50);
  EXPECT_GT(off(rounding), base + 10000);  // half of all results lose a step
}

TEST(Accuracy, MeasuresByHand) {
  const Quantisation grid{0.5, 0};
  // Golden 1, -1; codes 2, -1 stand for 1, -0.5: noise 0.25 of 2, 9.03 dB; the ideal codes 2, -2 have none.
  const std::vector<double> golden = {1, -1};
  const std::vector<std::int64_t> codes = {2, -1}, ideal = {2, -2};
  const Accuracy a = compare({{golden, codes, ideal, place_on(grid)}});
  EXPECT_NEAR(a.sqnr_db, 10 * std::log10(8), 1e-12);
  EXPECT_EQ(a.ideal_sqnr_db, kExactDb);
  EXPECT_DOUBLE_EQ(a.max_abs_error, 0.5);
  EXPECT_DOUBLE_EQ(a.mean_abs_error, 0.25);
  EXPECT_DOUBLE_EQ(a.ideal_exact_fraction, 0.5);
  EXPECT_DOUBLE_EQ(a.ideal_within_1lsb_fraction, 1);
  EXPECT_NEAR(a.cosine, 1.5 / std::sqrt(2 * 1.25), 1e-12);
}

}  // namespace
}  // namespace bpusim
