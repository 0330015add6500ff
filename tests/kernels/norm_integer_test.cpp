#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "kernels/norms/datapath.h"
#include "kernels/norms/golden.h"

namespace bpusim {
namespace {

// The whole part as one tile: only for parts whose view is the dense tensor.
NormTile whole_tile(const NormPart& part) {
  NormTile tile;
  for (const NormDim& dim : part.dims) tile.dims.push_back({dim.extent, dim.in_set, dim.affine_stride});
  return tile;
}

std::vector<std::int8_t> run(const NormPart& part, const NormPlan& plan,
                             const std::vector<std::int8_t>& codes) {
  const NormTile tile = whole_tile(part);
  std::vector<SetSums> sums(static_cast<std::size_t>(tile.set_count()));
  std::vector<SetScale> scales(sums.size());
  if (plan.statistic != Statistic::Given) {
    reduce_tile(tile, plan, codes.data(), sums.data(), false);
    const RsqrtUnit rsqrt(plan.widths.rsqrt);
    for (std::size_t i = 0; i < sums.size(); ++i) scales[i] = finalise_set(plan, sums[i], rsqrt);
  }
  std::vector<std::int8_t> out(codes.size());
  apply_tile(tile, plan, codes.data(), scales.data(), plan.entries.data(), out.data());
  return out;
}

struct Case {
  const char* op;
  Shape shape;
  Attributes attributes;
  int affine;  // number of gamma values; 0 none
};

std::vector<Case> cases() {
  Attributes groups, l1, mvn, axis1;
  groups.ints["num_groups"] = 4;
  l1.ints["p"] = 1;
  l1.ints["axis"] = 1;
  mvn.int_lists["axes"] = {0, 2, 3};
  axis1.ints["axis"] = 1;
  return {{"LayerNormalization", {7, 48}, {}, 48},
          {"LayerNormalization", {3, 4, 100}, axis1, 400},
          {"InstanceNormalization", {2, 3, 20, 20}, {}, 3},
          {"InstanceNormalization", {2, 8, 5, 5}, {}, 8},
          {"GroupNormalization", {2, 8, 9, 7}, groups, 8},
          {"RMSNormalization", {5, 300}, {}, 300},
          {"LpNormalization", {4, 30, 6}, l1, 0},
          {"LpNormalization", {50, 60}, {}, 0},
          {"MeanVarianceNormalization", {3, 4, 6, 6}, mvn, 0},
          {"BatchNormalization", {2, 5, 18, 17}, {}, 5}};
}

NormProblem problem_of(const Case& c, std::mt19937_64& rng) {
  std::normal_distribution<double> around_one(1, 0.3), around_zero(0, 0.3);
  NormArguments arguments{c.attributes, c.shape, {}, 21};
  if (c.affine > 0) {
    const Shape affine = c.shape.size() == 3 ? Shape{4, 100} : Shape{c.affine};
    for (int k = 0; k < 3; ++k) arguments.constants.push_back(Tensor::filled(affine, 0));
    for (double& v : arguments.constants[0].values) v = around_one(rng);
    for (double& v : arguments.constants[1].values) v = around_zero(rng);
    for (double& v : arguments.constants[2].values) v = around_zero(rng);
    if (std::string(c.op) == "BatchNormalization") {
      arguments.constants.push_back(Tensor::filled({c.affine}, 1.7));
    } else {
      arguments.constants.resize(2);
    }
  }
  return resolve_norm(*find_norm(c.op), arguments);
}

TEST(NormInteger, EqualsTheIdealResultOnEveryOperatorAndHardInput) {
  std::mt19937_64 rng(5);
  std::int64_t outputs = 0, exact = 0;
  for (const Case& c : cases())
    for (int kind = 0; kind < 4; ++kind)
      for (int round = 0; round < 10; ++round) {
        const NormProblem problem = problem_of(c, rng);
        // kind 0 normal, 1 uniform, 2 a mean of 100 deviations, 3 a deviation far below sqrt(epsilon)
        std::normal_distribution<double> normal(kind == 2 ? 100 : 0.2, kind == 3 ? 1e-5 : 1);
        std::uniform_real_distribution<double> uniform(-2, 3);
        std::vector<double> x(static_cast<std::size_t>(element_count(c.shape)));
        for (double& v : x) v = kind == 1 ? uniform(rng) : normal(rng);
        const Quantisation in = kind == 2 ? affine_grid(x) : symmetric_grid(x);
        const Quantisation out = symmetric_grid(golden_norm(problem, x).y);
        const auto codes = quantise(x, in);
        const auto ideal = ideal_norm(problem, codes, in, out);
        const NormPlan plan = plan_norm(problem.parts[0], in, out, {});
        const auto got = run(problem.parts[0], plan, std::vector<std::int8_t>(codes.begin(), codes.end()));
        for (std::size_t i = 0; i < got.size(); ++i) {
          ASSERT_LE(std::abs(got[i] - ideal[i]), 1) << c.op << " kind " << kind << " at " << i;
          exact += got[i] == ideal[i];
          ++outputs;
        }
      }
  EXPECT_GE(static_cast<double>(exact), 0.999999 * static_cast<double>(outputs))
      << outputs - exact << " of " << outputs;
}

TEST(NormInteger, ConstantSetsGiveBeta) {
  NormArguments arguments{{}, {2, 2, 8}, {Tensor({2}, {3, 2}), Tensor({2}, {1, -1})}, 6};
  const NormProblem problem = resolve_norm(*find_norm("InstanceNormalization"), arguments);
  const Quantisation out{1.0 / 64, 0, DType::Int8};
  const NormPlan plan = plan_norm(problem.parts[0], {0.1, 0, DType::Int8}, out, {});
  const auto got = run(problem.parts[0], plan, std::vector<std::int8_t>(32, 77));
  for (int i = 0; i < 32; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i / 8 % 2 == 0 ? 64 : -64);
}

TEST(NormInteger, AnySplitOfASetGivesTheSameSums) {
  std::mt19937_64 rng(6);
  std::vector<std::int8_t> codes(5000);
  for (auto& q : codes) q = static_cast<std::int8_t>(rng());
  NormPlan plan;
  plan.set_size = 5000;
  SetSums whole, split;
  reduce_tile<std::int8_t>({{{5000, true, 0}}}, plan, codes.data(), &whole, false);
  for (std::int64_t begin = 0, length; begin < 5000; begin += length) {
    length = std::min<std::int64_t>(1 + static_cast<std::int64_t>(rng() % 700), 5000 - begin);
    reduce_tile<std::int8_t>({{{length, true, 0}}}, plan, codes.data() + begin, &split, begin > 0);
  }
  EXPECT_EQ(whole.sum, split.sum);
  EXPECT_EQ(whole.square_sum, split.square_sum);
}

TEST(NormInteger, OverflowingAccumulatorsWrapAndAreCounted) {
  NormPlan plan;
  plan.set_size = 100;
  plan.widths.square_sum_bits = 20;  // 100 * 127^2 = 1,612,900 > 2^19
  const std::vector<std::int8_t> codes(100, 127);
  SetSums sums;
  EXPECT_EQ(reduce_tile<std::int8_t>({{{100, true, 0}}}, plan, codes.data(), &sums, false), 1);
  EXPECT_EQ(sums.square_sum, 1'612'900 - 2 * (1 << 20));
  EXPECT_GT(accumulator_bits(plan).square_sum, 20);
}

TEST(NormInteger, WidthsOfASetOfAMillion) {
  // The integer contract: N = 2^20 needs 29 bits with a sign for S1 (2^20 * 2^7 = 2^27, and the codes reach
  // -2^7 exactly), 36 for S2 (2^20 * 2^14 = 2^34, which itself needs 35 bits, and a sign).
  NormPlan plan;
  plan.set_size = 1 << 20;
  EXPECT_EQ(accumulator_bits(plan).sum, 29);
  EXPECT_EQ(accumulator_bits(plan).square_sum, 36);
}

// Magnitudes are taken from the zero point on: codes reach from -128 to 127, and from one of 100 they are 228
// away. Ten of them are 2280, which need 12 bits and a sign; 1280 for the sum need 11 and a sign.
TEST(NormInteger, WidthsOfMagnitudes) {
  NormPlan plan;
  plan.statistic = Statistic::L1;
  plan.set_size = 10;
  plan.in.zero_point = 100;
  EXPECT_EQ(accumulator_bits(plan).sum, 12);
  EXPECT_EQ(accumulator_bits(plan).square_sum, 13);
}

// 2^20 elements of int16 by a mantissa of 2^31 are products of 66 bits: xhat = q * 2^51 / 2^60, rounded down.
TEST(NormInteger, ProductsBeyond64BitsAreExact) {
  NormPlan plan;
  plan.in = plan.out = {1, 0, DType::Int16};
  plan.set_size = plan.element_factor = 1 << 20;
  const SetScale scale{0, 1U << 31, 0, 60};
  const AffineEntry same = make_affine_entry(1, 0, 30, 0);
  std::int16_t codes[] = {32767, -32768, 1, -1, 512};
  apply_tile<std::int16_t>({{{5, true, 0}}}, plan, codes, &scale, &same, codes);
  EXPECT_EQ(std::vector<int>(codes, codes + 5), (std::vector<int>{63, -64, 0, -1, 1}));
}

TEST(NormInteger, NarrowerUnitsLoseAccuracy) {
  std::mt19937_64 rng(7);
  const Case c = cases()[0];
  const NormProblem problem = problem_of(c, rng);
  std::vector<double> x(static_cast<std::size_t>(element_count(c.shape)));
  std::normal_distribution<double> normal(0, 1);
  for (double& v : x) v = normal(rng);
  const Quantisation in = symmetric_grid(x), out = symmetric_grid(golden_norm(problem, x).y);
  const auto codes = quantise(x, in);
  const auto ideal = ideal_norm(problem, codes, in, out);
  const auto wrong = [&](const NumericWidths& widths) {
    const auto got = run(problem.parts[0], plan_norm(problem.parts[0], in, out, widths),
                         std::vector<std::int8_t>(codes.begin(), codes.end()));
    int count = 0;
    for (std::size_t i = 0; i < got.size(); ++i) count += got[i] != ideal[i];
    return count;
  };
  NumericWidths few_entries, narrow_multiplier, narrow_normalised;
  few_entries.rsqrt = {4, 0, 30};
  narrow_multiplier.multiplier_bits = 6;
  narrow_normalised.normalised_bits = 10;
  EXPECT_EQ(wrong({}), 0);
  EXPECT_GT(wrong(few_entries), 0);
  EXPECT_GT(wrong(narrow_multiplier), 0);
  EXPECT_GT(wrong(narrow_normalised), 0);
}

}  // namespace
}  // namespace bpusim
