#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/norms/decomposed.h"
#include "kernels/norms/golden.h"

namespace bpusim {
namespace {

// Runs all sub-operators of a dense tensor of `sets` rows and returns the codes.
std::vector<std::int8_t> run(const DecomposedPlan& plan, std::int64_t sets, std::int64_t each,
                             const std::vector<std::int64_t>& codes) {
  NormTile tile;
  const std::int64_t stride = plan.gamma.size() > 1 ? 1 : 0;
  tile.dims = {{sets, false, 0}, {each, true, stride}};
  PrimitiveAddresses at;
  const std::int64_t n = sets * each;
  at.codes = 0;
  at.wide = n + n % 2;
  at.work = at.wide + 2 * n;
  at.mean = at.work + 2 * n;
  at.sum = at.mean + 2 * sets;
  at.deviation = at.sum + 2 * sets;
  at.gamma = at.deviation + 2 * sets;
  at.beta = at.gamma + 2 * each;
  at.entry_count = each;
  std::vector<std::uint8_t> sram(static_cast<std::size_t>(at.beta + 2 * each));
  for (std::size_t i = 0; i < codes.size(); ++i) sram[i] = static_cast<std::uint8_t>(codes[i]);
  for (std::size_t i = 0; i < plan.gamma.size(); ++i) {
    reinterpret_cast<std::int16_t*>(sram.data() + at.gamma)[i] = plan.gamma[i];
    reinterpret_cast<std::int16_t*>(sram.data() + at.beta)[i] = plan.beta[i];
  }
  for (const PrimitiveOp op : plan.ops()) run_primitive(plan, op, tile, at, sram.data());
  return {sram.begin(), sram.begin() + n};
}

TEST(NormDecomposed, LosesAgainstTheFusedPathButNotMuch) {
  std::mt19937 random(9);
  std::int64_t off = 0;
  for (const Statistic statistic :
       {Statistic::MeanVariance, Statistic::MeanSquare, Statistic::L1, Statistic::L2}) {
    NormPart part;
    part.statistic = statistic;
    part.epsilon_place = statistic == Statistic::L1 || statistic == Statistic::L2 ? EpsilonPlace::None
                                                                                  : EpsilonPlace::InVariance;
    part.dims = {{20, 256, false, 0}, {256, 1, true, 1}};
    part.gamma.assign(256, 1.25);
    part.beta.assign(256, 0.125);
    std::vector<double> x(20 * 256);
    for (double& v : x) v = static_cast<double>(random() % 4001) / 1000 - 2;
    NormProblem problem;
    problem.shape = {20, 256};
    problem.parts = {part};
    const auto golden = golden_norm(problem, x).y;
    const Quantisation in = symmetric_grid(x), out = symmetric_grid(golden);
    const auto codes = quantise(x, in);
    const auto result = run(plan_decomposed(part, x, in, out), 20, 256, codes);
    const auto ideal = ideal_norm(problem, codes, in, out);
    double signal = 0, noise = 0;
    for (std::size_t i = 0; i < golden.size(); ++i) {
      signal += golden[i] * golden[i];
      noise += std::pow(dequantise(result[i], out) - golden[i], 2);
      off += result[i] != ideal[i];
      ASSERT_LE(std::abs(result[i] - ideal[i]), 2);
    }
    EXPECT_GT(10 * std::log10(signal / noise), 25);
  }
  EXPECT_GT(off, 0);  // seven roundings to int16 are not one
}

TEST(NormDecomposed, AZeroNormGivesZero) {
  NormPart part;
  part.statistic = Statistic::L2;
  part.epsilon_place = EpsilonPlace::None;
  part.dims = {{2, 4, false, 0}, {4, 1, true, 0}};
  const std::vector<double> x = {0, 0, 0, 0, 3, 0, 4, 0};
  const Quantisation in = symmetric_grid(x), out{1.0 / 127, 0};
  const auto result = run(plan_decomposed(part, x, in, out), 2, 4, quantise(x, in));
  EXPECT_EQ(std::vector<int>(result.begin(), result.begin() + 4), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_NEAR(result[4] / 127.0, 0.6, 0.01);  // 3 / 5
  EXPECT_NEAR(result[6] / 127.0, 0.8, 0.01);
}

}  // namespace
}  // namespace bpusim
