#include "kernels/mac/conv.h"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

namespace bpusim {
namespace {

Tensor drawn(Shape shape, std::mt19937& random) {
  Tensor t = Tensor::filled(std::move(shape), 0);
  for (double& v : t.values) v = static_cast<double>(random() % 2001) / 1000 - 1;
  return t;
}

TEST(Conv, GoldenByHand) {
  // A 2 x 2 kernel of ones over 1..9, no padding: 1+2+4+5 = 12, 16, 24, 28, and the bias of 0.5.
  const Tensor x({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), w({1, 1, 2, 2}, {1, 1, 1, 1});
  const ConvProblem p = resolve_conv({}, x.shape, w.shape);
  EXPECT_EQ(golden_conv(p, x, w, {0.5}, 4).values, (std::vector<double>{12.5, 16.5, 24.5, 28.5}));
}

TEST(Conv, PaddingStrideAndDilation) {
  Attributes a;
  a.int_lists["pads"] = {1, 1, 1, 1};
  a.int_lists["strides"] = {2, 2};
  a.int_lists["dilations"] = {2, 2};
  const ConvProblem p = resolve_conv(a, {1, 1, 5, 5}, {1, 1, 2, 2});
  EXPECT_EQ(p.oh, 3);  // (5 + 2 - 3) / 2 + 1
  const Tensor x = Tensor::filled({1, 1, 5, 5}, 1), w = Tensor::filled({1, 1, 2, 2}, 1);
  // Rows -1 and 1, 1 and 3, 3 and 5: the outer ones see one row only, so corners 1, edges 2, the middle 4.
  EXPECT_EQ(golden_conv(p, x, w, {}, 4).values, (std::vector<double>{1, 2, 1, 2, 4, 2, 1, 2, 1}));
}

TEST(Conv, AutoPad) {
  Attributes a;
  a.strings["auto_pad"] = "SAME_UPPER";
  a.int_lists["strides"] = {2, 2};
  const ConvProblem p = resolve_conv(a, {1, 1, 6, 6}, {1, 1, 3, 3});
  EXPECT_EQ(p.oh, 3);
  EXPECT_EQ(p.pad_top, 0);  // (3 - 1) * 2 + 3 - 6 = 1 in all, the larger half behind
}

TEST(Conv, MistakesAreNamed) {
  const auto message = [](const Attributes& a, const Shape& x, const Shape& w) -> std::string {
    try {
      resolve_conv(a, x, w);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message({}, {1, 4, 5, 5}, {2, 3, 3, 3}).find("take 3 channels a group, the input has 4"),
            std::string::npos);
  EXPECT_NE(message({}, {1, 4, 2, 2}, {2, 4, 3, 3}).find("reaches over 3 of 2"), std::string::npos);
  Attributes groups;
  groups.ints["group"] = 3;
  EXPECT_NE(message(groups, {1, 4, 5, 5}, {2, 4, 3, 3}).find("does not divide"), std::string::npos);
}

TEST(Conv, FoldingABatchNormalisationChangesNothing) {
  std::mt19937 random(1);
  const Tensor x = drawn({1, 3, 6, 6}, random), w = drawn({4, 3, 3, 3}, random);
  const ConvProblem p = resolve_conv({}, x.shape, w.shape);
  NormPart bn;
  bn.statistic = Statistic::Given;
  bn.epsilon = 1e-3;
  bn.gamma = {1, 2, -0.5, 0};
  bn.beta = {0.1, 0.2, 0.3, 0.4};
  bn.mean = {0.5, -0.5, 1, 0};
  bn.variance = {1, 4, 0.25, 2};
  const std::vector<double> bias = {1, 2, 3, 4};
  const FoldedConv folded = fold_batch_norm(w, bias, bn);
  const auto apart = golden_conv(p, x, w, bias, 4),
             together = golden_conv(p, x, folded.weights, folded.bias, 4);
  for (std::size_t i = 0; i < apart.values.size(); ++i) {
    const std::size_t o = i / 16;
    const double expected =
        bn.gamma[o] * (apart.values[i] - bn.mean[o]) / std::sqrt(bn.variance[o] + bn.epsilon) + bn.beta[o];
    EXPECT_NEAR(together.values[i], expected, 1e-12);
  }
}

// Any cut into channels and rows gives the bytes of the whole, and those are the ideal ones.
TEST(Conv, TilesEqualTheWholeAndTheIdeal) {
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    const std::int64_t groups = round % 4 == 0 ? 4 : round % 4 == 1 ? 2 : 1;
    const std::int64_t oc = 8, ic = round % 4 == 0 ? 4 : 8;
    Attributes a;
    a.ints["group"] = groups;
    a.int_lists["strides"] = {1 + round % 2, 1 + round % 3};
    a.int_lists["pads"] = {round % 2, 1, 1, round % 3};
    a.int_lists["dilations"] = {1, 1 + round % 2};
    const Tensor w = drawn({oc, ic / groups, 3, 3}, random);
    const ConvProblem p = resolve_conv(a, {1, ic, 9, 11}, w.shape);
    const Quantisation in{0.02, round % 5 == 0 ? -300 : 7}, out{0.05, 3};
    std::vector<double> bias(8, 0.3);
    const ConvPlan plan =
        plan_conv(p, w, bias, in, out, round % 3 == 0 ? Clamp{0, 3} : Clamp{}, 31, Rounding::HalfEven);
    ASSERT_LT(accumulator_bound(plan), INT32_MAX);
    std::vector<std::int8_t> x(static_cast<std::size_t>(ic * 9 * 11));
    for (auto& q : x) q = static_cast<std::int8_t>(random());
    const auto ideal = ideal_conv(plan, {x.begin(), x.end()}, weight_scales(w), bias);
    const std::int64_t channels = std::max<std::int64_t>(1, p.group_outputs() / (1 + round % 2)),
                       rows = 1 + round % 4;
    for (std::int64_t c = 0; c < oc; c += channels) {
      for (std::int64_t r = 0; r < p.oh; r += rows) {
        const ConvTile t = conv_tile(p, c, channels, r, std::min(rows, p.oh - r));
        std::vector<std::int8_t> input, output(static_cast<std::size_t>(t.out_channels * t.out_rows * p.ow));
        for (std::int64_t ch = 0; ch < t.in_channels; ++ch)
          for (std::int64_t row = 0; row < t.in_rows; ++row)
            for (std::int64_t col = 0; col < p.iw; ++col)
              input.push_back(
                  x[static_cast<std::size_t>(((t.in_channel + ch) * p.ih + t.in_row + row) * p.iw + col)]);
        conv_tile_int8(t, plan, input.data(), plan.weights.data() + c * p.taps(), plan.entries.data() + c,
                       output.data());
        for (std::int64_t o = 0; o < t.out_channels; ++o)
          for (std::int64_t row = 0; row < t.out_rows; ++row)
            for (std::int64_t col = 0; col < p.ow; ++col)
              ASSERT_EQ(output[static_cast<std::size_t>((o * t.out_rows + row) * p.ow + col)],
                        ideal[static_cast<std::size_t>(((c + o) * p.oh + r + row) * p.ow + col)])
                  << "round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace bpusim
