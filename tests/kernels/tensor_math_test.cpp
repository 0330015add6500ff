#include "kernels/tensor/tensor_math.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/tensor/indexing.h"
#include "kernels/vector/unary.h"

namespace bpusim {
namespace {

using Values = std::vector<double>;

Tensor vec(Values values) {
  const auto n = static_cast<std::int64_t>(values.size());
  return Tensor({n}, std::move(values));
}

TEST(TensorMath, ComparisonsGiveOnesAndZeros) {
  const Tensor a = vec({1, 2, 3}), b = vec({2});
  EXPECT_EQ(binary("Less", a, b).values, (Values{1, 0, 0}));
  EXPECT_EQ(binary("LessOrEqual", a, b).values, (Values{1, 1, 0}));
  EXPECT_EQ(binary("Greater", a, b).values, (Values{0, 0, 1}));
  EXPECT_EQ(binary("GreaterOrEqual", a, b).values, (Values{0, 1, 1}));
  EXPECT_EQ(binary("Equal", a, b).values, (Values{0, 1, 0}));
  EXPECT_EQ(binary("And", vec({0, 0, 1, 1}), vec({0, 1, 0, 1})).values, (Values{0, 0, 0, 1}));
  EXPECT_EQ(binary("Or", vec({0, 0, 1, 1}), vec({0, 1, 0, 1})).values, (Values{0, 1, 1, 1}));
  EXPECT_EQ(binary("Xor", vec({0, 0, 1, 1}), vec({0, 1, 0, 1})).values, (Values{0, 1, 1, 0}));
}

TEST(TensorMath, ModHasTheSignOfTheDivisor) {
  // -4 = -2 * 3 + 2; 4 = -2 * -3 - 2.
  EXPECT_EQ(binary("Mod", vec({-4, 4}), vec({3, -3})).values, (Values{2, -2}));
}

TEST(TensorMath, Reductions) {
  const Tensor x({2, 2}, {1, 2, -3, 4});
  EXPECT_EQ(reduce("ReduceProd", x, {1}, false).values, (Values{2, -12}));
  EXPECT_EQ(reduce("ReduceSumSquare", x, {1}, false).values, (Values{5, 25}));
  EXPECT_EQ(reduce("ReduceL2", x, {1}, true).values, (Values{std::sqrt(5.0), 5}));
  EXPECT_EQ(reduce("ReduceL1", x, {0}, false).values, (Values{4, 6}));
  EXPECT_DOUBLE_EQ(reduce("ReduceLogSum", vec({1, 2}), {}, false).values[0], std::log(3.0));
  EXPECT_DOUBLE_EQ(reduce("ReduceLogSumExp", vec({0, 0}), {}, false).values[0], std::log(2.0));
  EXPECT_THROW(reduce("ReduceMedian", x, {1}, false), std::invalid_argument);
}

// exp(1000) is beyond float64; log softmax of {1000, 1000} is -log 2 twice.
TEST(TensorMath, LogSoftmaxOfLargeNumbers) {
  EXPECT_DOUBLE_EQ(log_softmax(vec({1000, 1000}), 0).values[1], -std::log(2.0));
}

TEST(Indexing, WhereBroadcasts) {
  const Tensor y = where(vec({1, 0}), Tensor({2, 1}, {10, 20}), Tensor({}, {5}));
  EXPECT_EQ(y.shape, (Shape{2, 2}));
  EXPECT_EQ(y.values, (Values{10, 5, 20, 5}));
}

TEST(Indexing, RangeEndsBeforeItsLimit) {
  EXPECT_EQ(range(1, 6, 2).values, (Values{1, 3, 5}));
  EXPECT_EQ(range(3, 0, -2).values, (Values{3, 1}));
  EXPECT_EQ(range(3, 3, 1).shape, Shape{0});
  EXPECT_THROW(range(0, 1, 0), std::invalid_argument);
}

TEST(Indexing, TileRepeatsEveryAxis) {
  const Tensor y = tile(Tensor({2, 1}, {1, 2}), {2, 3});
  EXPECT_EQ(y.shape, (Shape{4, 3}));
  EXPECT_EQ(y.values, (Values{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  EXPECT_THROW(tile(y, {2}), std::invalid_argument);
}

TEST(Indexing, Triangles) {
  const Tensor x({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(triangle(x, true, 0).values, (Values{1, 2, 3, 0, 5, 6}));
  EXPECT_EQ(triangle(x, true, 1).values, (Values{0, 2, 3, 0, 0, 6}));
  EXPECT_EQ(triangle(x, false, 0).values, (Values{1, 0, 0, 4, 5, 0}));
}

TEST(Indexing, Gathers) {
  const Tensor x({2, 2}, {0, 1, 2, 3});
  EXPECT_EQ(gather_nd(x, Tensor({2, 2}, {0, 0, 1, 1}), 0).values, (Values{0, 3}));
  EXPECT_EQ(gather_nd(x, Tensor({2, 1}, {1, -2}), 0).values, (Values{2, 3, 0, 1}));
  EXPECT_EQ(gather_nd(x, Tensor({2, 1}, {1, 0}), 1).values, (Values{1, 2}));  // a row of x for each index
  EXPECT_EQ(gather_elements(x, Tensor({2, 2}, {0, 0, 1, 0}), 1).values, (Values{0, 0, 3, 2}));
  EXPECT_EQ(gather_elements(x, Tensor({1, 2}, {-1, 0}), 0).values, (Values{2, 1}));
  EXPECT_THROW(gather_elements(x, Tensor({1, 2}, {2, 0}), 0), std::invalid_argument);
}

TEST(Indexing, OneHotAlongAnyAxis) {
  EXPECT_EQ(one_hot(vec({1, -1}), 3, 0, 5, -1).values, (Values{0, 5, 0, 0, 0, 5}));
  EXPECT_EQ(one_hot(vec({1, -1}), 3, 0, 5, 0).values, (Values{0, 0, 5, 0, 0, 5}));
  EXPECT_EQ(one_hot(vec({7}), 2, 1, 5, -1).values, (Values{1, 1}));
}

TEST(Unary, FunctionsByTheirDefinitions) {
  const auto at = [](const char* op, double x) { return unary_function(op, {}, {})(x); };
  EXPECT_EQ(at("Sign", -3), -1);
  EXPECT_EQ(at("Sign", 0), 0);
  EXPECT_EQ(at("Round", 2.5), 2);  // ties to even
  EXPECT_EQ(at("Floor", -0.5), -1);
  EXPECT_EQ(at("Ceil", 0.25), 1);
  EXPECT_EQ(at("Not", 0), 1);
  EXPECT_EQ(at("Softsign", -3), -0.75);
  EXPECT_EQ(at("ThresholdedRelu", 1), 0);  // not above alpha = 1
  EXPECT_NEAR(at("Selu", -1), 1.0507009873554805 * 1.6732632423543772 * (std::exp(-1) - 1), 1e-12);
  Attributes alpha;
  alpha.floats["alpha"] = 2;
  EXPECT_NEAR(unary_function("Celu", alpha, {})(-1), 2 * (std::exp(-0.5) - 1), 1e-12);
}

}  // namespace
}  // namespace bpusim
