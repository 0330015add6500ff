// ONNX's linear quantisation, with the sums written out.
#include "kernels/quantise/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace bpusim {
namespace {

using Values = std::vector<double>;

TEST(Linear, CodesRoundTiesToEvenAndSaturate) {
  // In steps of 0.5: 1.5, 2.5, -0.5, 400, -400. Ties go to 2, 2 and 0; then 3 is added; uint8 ends at 0 and
  // 255.
  const Tensor x({5}, {0.75, 1.25, -0.25, 200, -200});
  EXPECT_EQ(quantize_linear(x, Tensor({}, {0.5}), Tensor({}, {3}), {}, DType::UInt8).values,
            (Values{5, 5, 3, 255, 0}));
  EXPECT_EQ(quantize_linear(x, Tensor({}, {0.5}), Tensor({}, {3}), {}, DType::Int8).values,
            (Values{5, 5, 3, 127, -128}));
  EXPECT_EQ(quantize_linear(x, Tensor({}, {0.5}), Tensor(), {}, DType::Int16).values,
            (Values{2, 2, 0, 400, -400}));
}

TEST(Linear, TheQuotientIsAFloat32) {
  // 0.34999999404 / 0.10000000149 = 3.49999988: nearer to the float32 3.5 than to the one before
  // it, 3.49999976. A tie in float32, so that it goes to 4; in float64 it would be 3.
  const auto single = [](float v) { return static_cast<double>(v); };
  EXPECT_EQ(
      quantize_linear(Tensor({1}, {single(0.35F)}), Tensor({}, {single(0.1F)}), Tensor(), {}, DType::UInt8)
          .values,
      (Values{4}));
}

TEST(Linear, InfinitySaturates) {
  const double endless = std::numeric_limits<double>::infinity();
  EXPECT_EQ(
      quantize_linear(Tensor({2}, {endless, -endless}), Tensor({}, {1}), Tensor({}, {7}), {}, DType::UInt8)
          .values,
      (Values{255, 0}));
}

TEST(Linear, OneScaleAnElementOfAnAxis) {
  const Tensor codes({2, 3}, {1, 2, 3, 4, 5, 6});
  // Rows less 1 and 2, times 10 and 100.
  EXPECT_EQ(dequantize_linear(codes, Tensor({2}, {10, 100}), Tensor({2}, {1, 2}), {0, 0}).values,
            (Values{0, 10, 20, 200, 300, 400}));
  // Columns times 1, 2, 3; axis -1 is the last, and scales may lie as a row.
  const Values by_column = {1, 4, 9, 4, 10, 18};
  EXPECT_EQ(dequantize_linear(codes, Tensor({3}, {1, 2, 3}), Tensor(), {-1, 0}).values, by_column);
  EXPECT_EQ(dequantize_linear(codes, Tensor({1, 3}, {1, 2, 3}), Tensor(), {1, 0}).values, by_column);
}

TEST(Linear, OneScaleABlock) {
  // Rows of 5 in blocks of 2: scales 1, 2, 3 for the first row and 10, 20, 30 for the second.
  const Tensor codes({2, 5}, Values(10, 1));
  EXPECT_EQ(dequantize_linear(codes, Tensor({2, 3}, {1, 2, 3, 10, 20, 30}), Tensor(), {1, 2}).values,
            (Values{1, 1, 2, 2, 3, 10, 10, 20, 20, 30}));
  // Along axis 0 in one block of 2: a scale for each column.
  EXPECT_EQ(dequantize_linear(codes, Tensor({1, 5}, {1, 2, 3, 4, 5}), Tensor(), {0, 2}).values,
            (Values{1, 2, 3, 4, 5, 1, 2, 3, 4, 5}));
}

TEST(Linear, WhatDoesNotLieOverTheTensorIsRefused) {
  const Tensor x({2, 3}, Values(6, 1));
  EXPECT_THROW(dequantize_linear(x, Tensor({2}, {1, 1}), Tensor(), {1, 0}), std::invalid_argument);
  EXPECT_THROW(dequantize_linear(x, Tensor({3}, {1, 1, 1}), Tensor({2}, {0, 0}), {1, 0}),
               std::invalid_argument);
  EXPECT_THROW(dequantize_linear(x, Tensor({3}, {1, 1, 1}), Tensor(), {2, 0}), std::invalid_argument);
  EXPECT_THROW(dequantize_linear(x, Tensor({2, 3}, Values(6, 1)), Tensor(), {1, 2}), std::invalid_argument);
  EXPECT_THROW(dequantize_linear(x, Tensor({}, {1}), Tensor(), {1, -2}), std::invalid_argument);
  EXPECT_THROW(check_layout({2, 3}, Tensor({2}, {1, 1}), Tensor(), {1, 0}), std::invalid_argument);
  EXPECT_NO_THROW(check_layout({2, 3}, Tensor({2}, {1, 1}), Tensor(), {0, 0}));
  EXPECT_THROW(quantize_linear(x, Tensor({}, {0}), Tensor(), {}, DType::Int8), std::invalid_argument);
}

TEST(Linear, CodesComeBack) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const bool wide = round % 2 == 0;
    const DType dtype = wide ? DType::UInt16 : DType::Int8;
    const std::int64_t low = lowest_of(dtype), high = highest_of(dtype);
    Tensor codes = Tensor::filled({4, 7}, 0), scale = Tensor::filled({7}, 0), zero = scale;
    for (double& v : codes.values)
      v = static_cast<double>(low + static_cast<std::int64_t>(random()) % (high - low + 1));
    for (double& v : scale.values)
      v = static_cast<double>(std::ldexp(static_cast<float>(random() % 1000 + 1), -12));
    for (double& v : zero.values)
      v = static_cast<double>(low + static_cast<std::int64_t>(random()) % (high - low + 1));
    const Tensor real = dequantize_linear(codes, scale, zero, {1, 0});
    EXPECT_EQ(quantize_linear(real, scale, zero, {1, 0}, dtype).values, codes.values) << round;
  }
}

TEST(Linear, ADynamicGridReachesFromEndToEndAndToZero) {
  // From -1 to 4.1: 5.1 in 255 steps of 0.02, and 0 at 1 / 0.02 = 50.
  const DynamicQuantised made = dynamic_quantize_linear(Tensor({3}, {-1, 4.1, 0.5}));
  EXPECT_NEAR(made.scale.values[0], 0.02, 1e-8);
  EXPECT_EQ(made.zero.values[0], 50);
  EXPECT_EQ(made.codes.values, (Values{0, 255, 75}));
  // All above 0: 0 is the first code. 0.5 lies at 63.75 steps of 2 / 255.
  const DynamicQuantised above = dynamic_quantize_linear(Tensor({2}, {2, 0.5}));
  EXPECT_EQ(above.zero.values[0], 0);
  EXPECT_EQ(above.codes.values, (Values{255, 64}));
  EXPECT_EQ(dynamic_quantize_linear(Tensor({2}, {0, 0})).codes.values, (Values{0, 0}));
}

}  // namespace
}  // namespace bpusim
