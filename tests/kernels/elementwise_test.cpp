#include "kernels/vector/elementwise.h"

#include <gtest/gtest.h>

#include <random>

namespace bpusim {
namespace {

TEST(Elementwise, AddByHand) {
  const Quantisation a{0.5, 0}, b{0.25, 4}, y{1, -3};
  const auto plan = plan_elementwise(ElementwiseKind::Add, {a, b}, y, 30, Rounding::HalfEven);
  // 0.5 * 5 + 0.25 * (8 - 4) = 3.5, a tie: to even 4, with the zero point 1. Then 0.5 * 3 + 0.25 * 0 = 1.5: 2
  // - 3.
  const std::int8_t qa[] = {5, 3}, qb[] = {8, 4};
  std::int8_t out[2];
  elementwise_int8(plan, qa, qb, 2, out);
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[1], -1);
}

TEST(Elementwise, ReluByHand) {
  const auto plan = plan_elementwise(ElementwiseKind::Relu, {{0.5, 10}}, {0.5, -128}, 30, Rounding::HalfEven);
  const std::int8_t q[] = {9, 10, 11, 127};
  std::int8_t out[4];
  elementwise_int8(plan, q, nullptr, 4, out);
  EXPECT_EQ(out[0], -128);
  EXPECT_EQ(out[1], -128);
  EXPECT_EQ(out[2], -127);
  EXPECT_EQ(out[3], -11);  // 117 steps above zero
}

std::vector<int> pairwise(ElementwiseKind kind, const std::vector<Quantisation>& in, const Quantisation& out,
                          const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
  const auto plan = plan_elementwise(kind, in, out, 30, Rounding::HalfEven);
  std::vector<std::int8_t> y(a.size());
  elementwise_int8(plan, a.data(), b.data(), static_cast<std::int64_t>(a.size()), y.data());
  const auto ideal = ideal_elementwise(plan, {{a.begin(), a.end()}, {b.begin(), b.end()}});
  EXPECT_EQ(std::vector<std::int64_t>(y.begin(), y.end()), ideal);
  return {y.begin(), y.end()};
}

TEST(Elementwise, DivisionByHand) {
  // Grids of 0.5 and 0.25 around 1: 5/0.5 = 10, in steps of 0.5 from 3: 23. 1.5/-1 = -1.5: 0. By zero the
  // end. 0.25/0.5 = 0.5: one step.
  const std::vector<Quantisation> in = {{0.5, 0}, {0.25, 1}};
  EXPECT_EQ(pairwise(ElementwiseKind::Div, in, {0.5, 3}, {10, 3, 3, -3, 0}, {3, -3, 1, 1, 1}),
            (std::vector<int>{23, 0, 127, -128, 3}));
  // The other way round: 0.5/5 = 0.1, 0.2 steps of 0.5: 3; -1/1.5 = -0.67, -1.33 steps: 2.
  EXPECT_EQ(pairwise(ElementwiseKind::ReverseDiv, in, {0.5, 3}, {10, 3}, {3, -3}), (std::vector<int>{3, 2}));
}

TEST(Elementwise, ChoicesAndSlopesByHand) {
  const std::vector<Quantisation> in = {{0.5, 0}, {0.25, 4}};
  // Real 2 and 1.5; -1 and 0.25; in steps of 0.25.
  EXPECT_EQ(pairwise(ElementwiseKind::Max, in, {0.25, 0}, {4, -2}, {10, 5}), (std::vector<int>{8, 1}));
  EXPECT_EQ(pairwise(ElementwiseKind::Min, in, {0.25, 0}, {4, -2}, {10, 5}), (std::vector<int>{6, -4}));
  // Slopes of 1.5 and 0.25: 2 stays, -1 becomes -0.25.
  EXPECT_EQ(pairwise(ElementwiseKind::PRelu, in, {0.25, 0}, {4, -2}, {10, 5}), (std::vector<int>{8, -1}));
  EXPECT_EQ(pairwise(ElementwiseKind::ReverseSub, in, {0.25, 0}, {4, -2}, {10, 5}),
            (std::vector<int>{-2, 5}));
}

TEST(Elementwise, AFusedClipNarrowsTheResult) {
  auto plan = plan_elementwise(ElementwiseKind::Add, {{1, 0}, {1, 0}}, {1, 0}, 30, Rounding::HalfEven);
  plan.lowest = 0;
  plan.highest = 6;
  const std::int8_t a[] = {-3, 2, 5}, b[] = {1, 2, 5};
  std::int8_t y[3];
  elementwise_int8(plan, a, b, 3, y);
  EXPECT_EQ(std::vector<int>(y, y + 3), (std::vector<int>{0, 4, 6}));
}

TEST(Elementwise, EqualsTheIdealOnDrawnGrids) {
  std::mt19937 random(3);
  std::int64_t wrong = 0, count = 0;
  for (int round = 0; round < 300; ++round) {
    const auto grid = [&] {
      return Quantisation{0.001 + static_cast<double>(random() % 10000) / 1000,
                          static_cast<std::int64_t>(random() % 400) - 200};
    };
    const auto kind = static_cast<ElementwiseKind>(round % 5);
    std::vector<Quantisation> in;
    for (int k = 0; k < operand_count(kind); ++k) in.push_back(grid());
    const auto plan = plan_elementwise(kind, in, grid(), 30, Rounding::HalfEven);
    std::vector<std::vector<std::int64_t>> codes(in.size());
    std::vector<std::vector<std::int8_t>> bytes(2, std::vector<std::int8_t>(200));
    for (std::size_t k = 0; k < in.size(); ++k)
      for (auto& byte : bytes[k]) {
        byte = static_cast<std::int8_t>(random());
        codes[k].push_back(byte);
      }
    std::vector<std::int8_t> out(200);
    elementwise_int8(plan, bytes[0].data(), bytes[1].data(), 200, out.data());
    const auto ideal = ideal_elementwise(plan, codes);
    for (std::size_t i = 0; i < out.size(); ++i) {
      ASSERT_LE(std::abs(out[i] - ideal[i]), 1);
      wrong += out[i] != ideal[i];
      ++count;
    }
  }
  EXPECT_LT(wrong, count / 1000);  // only where the rounded multiplier moves a value across a tie
}

TEST(Elementwise, AGainBeyondTheMultipliersSaturates) {
  const auto plan = plan_elementwise(ElementwiseKind::Copy, {{1e12, 0}}, {1e-3, 0}, 30, Rounding::HalfEven);
  const std::int8_t q[] = {-1, 0, 1};
  std::int8_t out[3];
  elementwise_int8(plan, q, nullptr, 3, out);
  EXPECT_EQ(out[0], -128);
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[2], 127);
}

}  // namespace
}  // namespace bpusim
