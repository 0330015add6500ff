#include "sim/lowering/norm.h"

#include <gtest/gtest.h>

#include <random>

#include "kernels/norms/golden.h"
#include "kernels/units.h"
#include "models/commands/interpreter.h"
#include "models/machine.h"
#include "sim/lowering/decomposed.h"
#include "tests/lowering/touched.h"

namespace bpusim {
namespace {

// A norm on drawn codes, ready to be lowered and run.
struct Case {
  NormProblem problem;
  Quantisation in{0.02, 3, DType::Int8}, out{0.03, -2, DType::Int8};
  std::vector<std::int64_t> codes;
  std::vector<NormJob> jobs;
  static constexpr std::int64_t kX = 0, kY = 1 << 24, kEntries = 1 << 25;

  Case(const std::string& op, Shape shape, Attributes attributes, const std::vector<std::size_t>& constants,
       unsigned seed) {
    std::mt19937 random(seed);
    NormArguments arguments;
    arguments.shape = shape;
    arguments.attributes = std::move(attributes);
    for (const std::size_t size : constants) {
      Tensor t({static_cast<std::int64_t>(size)}, std::vector<double>(size));
      for (double& v : t.values) v = 0.25 + static_cast<double>(random() % 1000) / 1000;
      arguments.constants.push_back(t);
    }
    problem = resolve_norm(*find_norm(op), arguments);
    for (std::int64_t i = 0; i < element_count(shape); ++i)
      codes.push_back(static_cast<std::int64_t>(random() % 200) - 100);
    std::int64_t entries = kEntries;
    for (const NormPart& part : problem.parts) {
      jobs.push_back({&part, plan_norm(part, in, out, numeric_widths(NumericsParams{})), kX, kY, entries});
      entries += static_cast<std::int64_t>(jobs.back().plan.entries.size() * sizeof(AffineEntry));
    }
  }

  void place(DramPort& dram) const {
    const std::vector<std::int8_t> bytes(codes.begin(), codes.end());
    dram.write(kX, bytes.data(), static_cast<std::int64_t>(bytes.size()));
    for (const NormJob& job : jobs)
      dram.write(job.entries, job.plan.entries.data(),
                 static_cast<std::int64_t>(job.plan.entries.size() * sizeof(AffineEntry)));
  }

  std::vector<std::int8_t> result(DramPort& dram) const {
    std::vector<std::int8_t> y(codes.size());
    dram.read(kY, y.data(), static_cast<std::int64_t>(y.size()));
    return y;
  }
};

std::vector<Case> cases() {
  Attributes none, group, last, lp;
  group.ints["num_groups"] = 4;
  last.ints["axis"] = -1;
  lp.ints["axis"] = 1;
  lp.ints["p"] = 1;
  std::vector<Case> all;
  all.emplace_back("InstanceNormalization", Shape{2, 8, 13, 17}, none, std::vector<std::size_t>{8, 8}, 1);
  all.emplace_back("LayerNormalization", Shape{3, 50, 96}, last, std::vector<std::size_t>{96, 96}, 2);
  all.emplace_back("GroupNormalization", Shape{2, 8, 9, 9}, group, std::vector<std::size_t>{8, 8}, 3);
  all.emplace_back("LpNormalization", Shape{2, 40, 33}, lp, std::vector<std::size_t>{}, 4);
  all.emplace_back("BatchNormalization", Shape{2, 8, 15, 15}, none, std::vector<std::size_t>{8, 8, 8, 8}, 5);
  all.emplace_back("MeanVarianceNormalization", Shape{3, 8, 7, 11}, none, std::vector<std::size_t>{}, 6);
  return all;
}

class EveryMapping : public testing::TestWithParam<Mapping> {};

// Ideal within 1 LSB, the interpreter's bytes, the same cycles without function; on one core and on three,
// with an SRAM that holds everything and with one that does not.
TEST_P(EveryMapping, GivesTheSameBytesOnEveryMachine) {
  for (const Case& c : cases()) {
    const auto ideal = ideal_norm(c.problem, c.codes, c.in, c.out);
    std::vector<std::int8_t> expected;
    for (const std::int64_t cores : {1, 3}) {
      for (const std::int64_t sram : {1 << 20, 1 << 13}) {
        MachineParams params;
        params.bpu.cores = cores;
        params.sram.bytes = sram;
        std::string why;
        for (const NormJob& job : c.jobs) why += obstacle(GetParam(), job, params);
        if (!why.empty()) continue;
        for (const std::int64_t tile : {200, 3000}) {
          const Program program = lower_norm("test", c.jobs, GetParam(), params, tile);
          // What it asks for is what it touches, but for a rest of the last tile; where a set passes in
          // chunks not every slot is taken.
          const bool chunks = GetParam() == Mapping::Split || GetParam() == Mapping::Streaming;
          EXPECT_LE(touched(program), program.sram_bytes);
          EXPECT_LE(program.sram_bytes, params.sram.bytes);
          EXPECT_LT(chunks ? 0 : program.sram_bytes - touched(program), 3 * kAlignBytes);
          Machine machine(params), timing_only(params, false);
          c.place(machine.dram());
          const auto cycles = machine.run(program).cycles();
          EXPECT_EQ(timing_only.run(program).cycles(), cycles);
          const auto bytes = c.result(machine.dram());
          FlatDram flat;
          c.place(flat);
          interpret(program, static_cast<int>(cores), params.sram.bytes, flat);
          EXPECT_EQ(c.result(flat), bytes);
          if (expected.empty()) expected = bytes;
          EXPECT_EQ(expected, bytes);
          for (std::size_t i = 0; i < ideal.size(); ++i) ASSERT_LE(std::abs(bytes[i] - ideal[i]), 1) << i;
        }
      }
    }
  }
}

// Tiles of 3 x 100 elements with five int16 and int8 copies do not fit four times into a small SRAM.
TEST(Decomposed, TakesAsManyTilesAsFit) {
  Attributes last;
  last.ints["axis"] = -1;
  const Case c("LayerNormalization", Shape{40, 100}, last, {100, 100}, 7);
  const NormPart& part = c.problem.parts.front();
  std::vector<double> x;
  for (const std::int64_t code : c.codes) x.push_back(dequantise(code, c.in));
  const DecomposedJob job{&part, plan_decomposed(part, x, c.in, c.out), Case::kX, Case::kY, Case::kEntries};
  for (const std::int64_t sram : {1 << 12, 5000, 6144, 1 << 13, 1 << 20}) {
    MachineParams params;
    params.sram.bytes = sram;
    const Program program = lower_decomposed("test", {job}, params, 300);
    EXPECT_LE(program.sram_bytes, sram);
    EXPECT_LE(touched(program), program.sram_bytes);
    EXPECT_GT(program.sram_bytes, sram < 20000 ? sram / 2 : 8000) << sram;
  }
}

INSTANTIATE_TEST_SUITE_P(Mappings, EveryMapping,
                         testing::Values(Mapping::Resident, Mapping::Streaming, Mapping::Split,
                                         Mapping::MacArray),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace bpusim
