#include "kernels/mac/conv_transpose.h"

#include <gtest/gtest.h>

#include <random>

namespace bpusim {
namespace {

TEST(ConvTranspose, GoldenByHand) {
  Attributes a;
  a.int_lists["strides"] = {2};
  // Each input lays [1, 2, 3] down, two apart: 1 2 3+10 20 30 with inputs 1 and 10.
  const ConvTransposeProblem p = resolve_conv_transpose(a, {1, 1, 2}, {1, 1, 3});
  const Tensor y = golden_conv_transpose(p, Tensor({1, 1, 2}, {1, 10}), Tensor({1, 1, 3}, {1, 2, 3}), {}, 3);
  EXPECT_EQ(y.shape, (Shape{1, 1, 5}));
  EXPECT_EQ(y.values, (std::vector<double>{1, 2, 13, 20, 30}));
}

TEST(ConvTranspose, OutputShapes) {
  Attributes a;
  a.int_lists["strides"] = {2, 2};
  a.strings["auto_pad"] = "SAME_UPPER";
  ConvTransposeProblem p = resolve_conv_transpose(a, {1, 1, 3, 3}, {1, 1, 3, 3});
  EXPECT_EQ(p.oh, 6);  // 3 * 2; 7 without padding, of which the one too many is cut off at the end
  EXPECT_EQ(p.pad_top, 0);
  a.strings.clear();
  a.int_lists["output_shape"] = {10, 8};
  p = resolve_conv_transpose(a, {1, 1, 3, 3}, {1, 1, 3, 3});
  EXPECT_EQ(p.oh, 10);
  EXPECT_EQ(p.ow, 8);
}

TEST(ConvTranspose, PhasesByHand) {
  Attributes a;
  a.int_lists["strides"] = {1, 2};
  a.int_lists["pads"] = {0, 1, 0, 1};
  const ConvTransposeProblem p = resolve_conv_transpose(a, {1, 1, 1, 3}, {1, 1, 1, 3});
  const auto phases = phases_of(p);
  // Outputs 0, 2, 4 take tap 1 alone, outputs 1, 3 taps 0 and 2.
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(p.ow, 5);
  EXPECT_EQ(phases[0].problem.kw, 1);
  EXPECT_EQ(phases[0].problem.ow, 3);
  EXPECT_EQ(phases[1].problem.kw, 2);
  EXPECT_EQ(phases[1].problem.ow, 2);
  EXPECT_EQ(phases[1].first_weight, 1);
  // Turned round: tap 2 meets the input on the left.
  EXPECT_EQ(phase_weights(p, {1, 2, 3}), (std::vector<std::int8_t>{2, 3, 1}));
}

// Scale 1 and small numbers: the phases' sums are the golden ones, whatever stride, dilation, padding and
// groups.
TEST(ConvTranspose, PhasesAreTheWhole) {
  std::mt19937 random(8);
  const auto draw = [&](std::int64_t most) { return 1 + static_cast<std::int64_t>(random() % most); };
  for (int round = 0; round < 400; ++round) {
    const std::int64_t groups = draw(2), kh = draw(4), kw = draw(4), sh = draw(3), sw = draw(3);
    Attributes a;
    a.ints["group"] = groups;
    a.int_lists["strides"] = {sh, sw};
    a.int_lists["pads"] = {draw(kh) - 1, draw(kw) - 1, 0, 0};
    a.int_lists["dilations"] = {draw(4), draw(4)};
    a.int_lists["output_padding"] = {draw(sh) - 1, draw(sw) - 1};
    const Shape shape = {draw(2), 2 * groups, 1 + draw(4), 1 + draw(5)},
                weights = {2 * groups, draw(3), kh, kw};
    const ConvTransposeProblem p = resolve_conv_transpose(a, shape, weights);
    Tensor x = Tensor::filled(shape, 0), w = Tensor::filled(weights, 0);
    for (double& v : x.values) v = static_cast<double>(random() % 21) - 10;
    for (double& v : w.values) v = static_cast<double>(random() % 21) - 10;
    const Tensor forward = forward_weights(p, w);
    ConvPlan plan;
    const auto parts = phase_weights(p, {forward.values.begin(), forward.values.end()});
    const auto exact = exact_conv_transpose(p, plan, parts, {x.values.begin(), x.values.end()},
                                            std::vector<double>(static_cast<std::size_t>(p.oc), 1), {});
    const Tensor golden = golden_conv_transpose(p, x, w, {}, 4);
    ASSERT_EQ(exact.size(), golden.values.size());
    for (std::size_t i = 0; i < exact.size(); ++i)
      ASSERT_EQ(static_cast<double>(exact[i]), golden.values[i]) << round << ": " << i;
  }
}

}  // namespace
}  // namespace bpusim
