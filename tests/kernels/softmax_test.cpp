#include "kernels/vector/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bpusim {
namespace {

TEST(Softmax, ByHand) {
  // ln 3 a step: exponentials 1 and 1/3 of the larger; 3/4 and 1/4 in steps of 1/128 above -128.
  const SoftmaxPlan plan = plan_softmax({std::log(3.0), 0}, {1.0 / 128, -128});
  const std::int8_t x[] = {1, 0};
  std::int8_t y[2];
  softmax_int8(plan, x, 1, {2, 1}, y);
  EXPECT_EQ(y[0], 96 - 128);
  EXPECT_EQ(y[1], 32 - 128);
}

TEST(Softmax, RowsThatLieApart) {
  const SoftmaxPlan plan = plan_softmax({std::log(3.0), 0}, {1.0 / 128, -128});
  // Two rows side by side: (1, 0) and (0, 0).
  const std::int8_t x[] = {1, 0, 0, 0};
  std::int8_t y[4];
  softmax_int8(plan, x, 2, {2, 2}, y);
  EXPECT_EQ(y[0], 96 - 128);
  EXPECT_EQ(y[2], 32 - 128);
  EXPECT_EQ(y[1], 64 - 128);
  EXPECT_EQ(y[3], 64 - 128);
}

TEST(LogSoftmax, ByHand) {
  // ln(3/4) = -0.28768 and ln(1/4) = -1.38629, in steps of 0.01: -29 and -139, of which -128 is the last.
  const SoftmaxPlan plan = plan_softmax({std::log(3.0), 0}, {0.01, 0}, true);
  const std::int8_t x[] = {1, 0};
  std::int8_t y[2];
  softmax_int8(plan, x, 1, {2, 1}, y);
  EXPECT_EQ(y[0], -29);
  EXPECT_EQ(y[1], -128);
}

TEST(Softmax, EqualsTheIdealOnDrawnRows) {
  std::mt19937 random(4);
  std::int64_t wrong = 0, count = 0;
  for (int round = 0; round < 100; ++round) {
    const SoftmaxRowShape shape{2 + static_cast<std::int64_t>(random() % 300), 3};
    std::vector<std::int8_t> x(static_cast<std::size_t>(shape.elements * 6)), y(x.size());
    for (std::int8_t& q : x) q = static_cast<std::int8_t>(random());
    for (const bool logarithm : {false, true}) {
      const Quantisation out = logarithm ? Quantisation{0.11, 120} : Quantisation{1.0 / 255, -128};
      const SoftmaxPlan plan =
          plan_softmax({0.01 + static_cast<double>(random() % 100) * 0.001, 7}, out, logarithm);
      softmax_int8(plan, x.data(), 6, shape, y.data());
      const auto ideal = ideal_softmax(plan, {x.begin(), x.end()}, shape);
      for (std::size_t i = 0; i < y.size(); ++i, ++count) {
        wrong += y[i] != ideal[i];
        EXPECT_LE(std::abs(y[i] - ideal[i]), 1);
      }
    }
  }
  EXPECT_LE(static_cast<double>(wrong), 1e-4 * static_cast<double>(count));
}

}  // namespace
}  // namespace bpusim
