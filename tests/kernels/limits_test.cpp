// What a damaged model can ask for: sizes that overflow, and windows without elements.
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "kernels/tensor/tensor.h"
#include "kernels/tensor/view.h"
#include "kernels/vector/pool.h"

namespace bpusim {
namespace {

TEST(Limits, ElementsOfATensor) {
  EXPECT_EQ(checked_count({1 << 14, 1 << 14}), std::size_t{1} << 28);  // the largest
  EXPECT_THROW(checked_count({1 << 14, 1 << 14, 2}), std::invalid_argument);
  EXPECT_THROW(checked_count({-1, -1}), std::invalid_argument);
  EXPECT_THROW(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::invalid_argument);
  EXPECT_THROW(Tensor::filled({std::int64_t{1} << 40}, 0), std::invalid_argument);
}

TEST(Limits, RealNumbersToIntegers) {
  EXPECT_EQ(to_integer(-2.9), -2);
  EXPECT_EQ(to_integer(NAN), 0);
  EXPECT_EQ(to_integer(INFINITY), INT64_MAX - 1023);  // 2^63 - 1024, the largest double below 2^63
  EXPECT_EQ(to_integer(9223372036854775807.0), INT64_MAX - 1023);
}

TEST(Limits, ViewsThatGrow) {
  const Tensor huge({2}, {std::ldexp(1, 40), 3});
  const View view = resolve_view("Expand", {}, {1, 3}, {huge});
  EXPECT_THROW(apply_view(view, {1, 2, 3}), std::invalid_argument);
  EXPECT_THROW(resolve_view("Reshape", {}, {4}, {Tensor({2}, {std::ldexp(1, 62), 8})}),
               std::invalid_argument);
}

Attributes window(std::int64_t kernel, std::int64_t stride, std::int64_t pad, bool ceil) {
  Attributes a;
  a.int_lists["kernel_shape"] = {kernel, kernel};
  a.int_lists["strides"] = {stride, stride};
  a.int_lists["pads"] = {pad, pad, pad, pad};
  a.ints["ceil_mode"] = ceil ? 1 : 0;
  return a;
}

TEST(Limits, PoolWindows) {
  const Shape x = {1, 1, 6, 6};
  EXPECT_THROW(resolve_pool("MaxPool", window(2, 0, 0, true), x), std::invalid_argument);
  EXPECT_THROW(resolve_pool("AveragePool", window(2, 2, 2, false), x),
               std::invalid_argument);  // two rows of padding
  Attributes few = window(2, 2, 0, true);
  few.int_lists["pads"] = {0, 0};
  EXPECT_THROW(resolve_pool("MaxPool", few, x), std::invalid_argument);
  // Windows of one at 0, 2, 4; the next would start at 6, behind the input, and is none.
  EXPECT_EQ(resolve_pool("MaxPool", window(1, 2, 0, true), x).window.oh, 3);
  // Windows of three at 0, 2; the next, at 4, holds two rows of the input.
  EXPECT_EQ(resolve_pool("MaxPool", window(3, 2, 0, true), x).window.oh, 3);
  EXPECT_EQ(resolve_pool("MaxPool", window(3, 2, 0, false), x).window.oh, 2);
}

}  // namespace
}  // namespace bpusim
