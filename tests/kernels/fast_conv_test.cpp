// The fast convolutions and products against the plain ones, over random shapes.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>

#include "kernels/cpu/parallel.h"
#include "kernels/mac/conv.h"
#include "kernels/mac/conv_transpose.h"
#include "kernels/mac/gemm_int8.h"
#include "kernels/quantise/requantise.h"
#include "kernels/tensor/gemm.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/vector/elementwise.h"
#include "tests/kernels/draw.h"
#include "tests/kernels/naive.h"

namespace bpusim {
namespace {

using testing::Draw;

// Depthwise, grouped, few outputs, many outputs; kernels of 1, of one row, larger ones; all strides and pads.
struct Case {
  ConvProblem problem;
  Tensor x, weights;
  std::vector<double> bias;
  std::size_t rank = 4;
};

// Images and kernels of one to three pixels, whose windows may lie in the padding alone: shapes that have
// ways of their own through the kernels.
Case small_case(Draw& draw, int round) {
  const std::int64_t groups = draw.from(1, 2), inputs = draw.from(1, 3);
  Attributes a;
  a.ints["group"] = groups;
  a.int_lists["strides"] = {draw.from(1, 3), draw.from(1, 3)};
  a.int_lists["pads"] = {draw.from(0, 2), draw.from(0, 2), draw.from(0, 2), draw.from(0, 2)};
  const std::int64_t kernel_h = draw.from(1, 2), kernel_w = draw.from(1, 2);
  const bool pixel = round % 2 == 0;
  Case c;
  c.x = draw.tensor(
      {draw.from(1, 2), groups * inputs, pixel ? 1 : draw.from(1, 3), pixel ? 1 : draw.from(1, 3)});
  c.weights = draw.tensor({groups * draw.from(1, 3), inputs, pixel ? 1 : kernel_h, pixel ? 1 : kernel_w});
  if (c.x.shape[2] < c.weights.shape[2] || c.x.shape[3] < c.weights.shape[3])
    a.int_lists["pads"] = {1, 1, 0, 0};
  c.problem = resolve_conv(a, c.x.shape, c.weights.shape);
  if (round % 4 < 2) c.bias = draw.reals(c.weights.shape[0]);
  return c;
}

Case drawn_case(Draw& draw, int round) {
  if (round >= 120) return small_case(draw, round);
  const std::int64_t groups = round % 5 == 0 ? draw.from(1, 7) : round % 5 == 1 ? 2 : 1;
  const std::int64_t inputs = round % 5 == 0 ? 1 : draw.from(1, 9),
                     outputs = draw.from(1, round % 3 == 0 ? 40 : 12);
  const std::int64_t kernel_h = round % 4 == 0 ? 1 : draw.from(1, 4),
                     kernel_w = round % 7 == 0 ? 1 : draw.from(1, 5);
  Attributes a;
  a.ints["group"] = groups;
  a.int_lists["strides"] = {draw.from(1, 3), draw.from(1, 3)};
  a.int_lists["dilations"] = {draw.from(1, 2), draw.from(1, 3)};
  a.int_lists["pads"] = {draw.from(0, 3), draw.from(0, 3), draw.from(0, 3), draw.from(0, 3)};
  if (round % 6 == 0) a.int_lists = {};
  const std::int64_t ih = round % 8 == 0 ? 1 + 2 * (kernel_h - 1) : draw.from(7, 20);
  Case c;
  c.x = draw.tensor({draw.from(1, 2), groups * inputs, ih, draw.from(13, 40)});
  c.weights = draw.tensor({groups * outputs, inputs, kernel_h, kernel_w});
  c.problem = resolve_conv(a, c.x.shape, c.weights.shape);
  if (round % 2 == 0) c.bias = draw.reals(groups * outputs);
  return c;
}

// Sums of products of magnitudes below 1: the sum of the magnitudes is no more than the number of taps.
double tolerance(std::int64_t taps) {
  return 1e-12 * static_cast<double>(taps + 1) / 10;
}

TEST(FastConv, GoldenIsTheFormula) {
  Draw draw(1);
  for (int round = 0; round < 1000; ++round) {
    const Case c = drawn_case(draw, round);
    const Tensor fast = golden_conv(c.problem, c.x, c.weights, c.bias, c.rank);
    const Tensor plain = naive_conv(c.problem, c.x, c.weights, c.bias, c.rank);
    ASSERT_EQ(fast.shape, plain.shape);
    for (std::size_t i = 0; i < plain.values.size(); ++i)
      ASSERT_NEAR(fast.values[i], plain.values[i], tolerance(c.problem.taps())) << "round " << round;
  }
}

// More than one block of columns, of rows and of k, and sums long enough for several threads.
TEST(FastConv, LargeGoldenIsTheFormulaAndNoThreadChangesABit) {
  Draw draw(2);
  Case c;
  c.x = draw.tensor({1, 61, 29, 31});
  c.weights = draw.tensor({45, 61, 3, 3});
  Attributes a;
  a.int_lists["pads"] = {1, 1, 1, 1};
  c.problem = resolve_conv(a, c.x.shape, c.weights.shape);
  const int threads = thread_count();
  set_thread_count(1);
  const Tensor alone = golden_conv(c.problem, c.x, c.weights, {}, 4);
  set_thread_count(5);
  const Tensor together = golden_conv(c.problem, c.x, c.weights, {}, 4);
  set_thread_count(threads);
  EXPECT_EQ(alone.values, together.values);
  const Tensor plain = naive_conv(c.problem, c.x, c.weights, {}, 4);
  for (std::size_t i = 0; i < plain.values.size(); ++i)
    ASSERT_NEAR(alone.values[i], plain.values[i], tolerance(c.problem.taps()));
}

bool multiplies_fused() {
#if HWY_ARCH_X86
  return (hwy::SupportedTargets() & (HWY_AVX2 | HWY_AVX3 | HWY_AVX3_DL)) != 0;
#else
  return true;
#endif
}

// One fused multiply-add after another, k ascending: on a machine that has them the very bits of std::fma.
TEST(FastConv, GoldenAddsInTheOrderOfTheTaps) {
  if (!multiplies_fused()) GTEST_SKIP() << "products are rounded here";
  Draw draw(3);
  const std::int64_t m = 11, n = 70, k = 600;
  const auto a = draw.reals(m * k), b = draw.reals(k * n);
  std::vector<double> c(static_cast<std::size_t>(m * n), 0.25);
  gemm(m, n, k, a.data(), k, DenseRows<double>(b.data(), n), c.data(), n);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0.25;
      for (std::int64_t e = 0; e < k; ++e)
        sum = std::fma(a[static_cast<std::size_t>(i * k + e)], b[static_cast<std::size_t>(e * n + j)], sum);
      ASSERT_EQ(c[static_cast<std::size_t>(i * n + j)], sum) << i << ", " << j;
    }
}

TEST(FastConv, TransposedIsTheFormula) {
  Draw draw(4);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t groups = 1 + round % 2, per = draw.from(1, 5), each = draw.from(1, 5);
    const std::vector<std::int64_t> strides = {draw.from(1, 3), draw.from(1, 3)},
                                    dilations = {draw.from(1, 2), draw.from(1, 2)},
                                    pads = {draw.from(0, 1), draw.from(0, 1), draw.from(0, 1),
                                            draw.from(0, 1)};
    const Tensor x = draw.tensor({draw.from(1, 2), groups * per, draw.from(2, 6), draw.from(2, 9)}),
                 w = draw.tensor({groups * per, each, draw.from(2, 4), draw.from(2, 3)});
    const auto bias = round % 3 == 0 ? std::vector<double>{} : draw.reals(groups * each);
    Attributes a;
    a.ints["group"] = groups;
    a.int_lists = {{"strides", strides}, {"dilations", dilations}, {"pads", pads}};
    const Tensor fast = golden_conv_transpose(resolve_conv_transpose(a, x.shape, w.shape), x, w, bias, 4);
    const Tensor plain =
        naive_conv_transpose(x, w, bias, groups, strides, pads, dilations, fast.shape[2], fast.shape[3]);
    ASSERT_EQ(fast.shape, plain.shape);
    for (std::size_t i = 0; i < plain.values.size(); ++i)
      ASSERT_NEAR(fast.values[i], plain.values[i], 1e-12) << "round " << round;
  }
}

TEST(FastConv, MatmulIsTheFormula) {
  Draw draw(5);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t m = round % 3 == 0 ? 1 : draw.from(1, 30), n = draw.from(1, 90), k = draw.from(1, 300);
    const Tensor a = draw.tensor({2, m, k}), b = draw.tensor(round % 2 == 0 ? Shape{k, n} : Shape{2, k, n});
    const Tensor y = matmul(a, b);
    ASSERT_EQ(y.shape, (Shape{2, m, n}));
    for (std::int64_t s = 0; s < 2; ++s) {
      const std::vector<double> left(a.values.begin() + s * m * k, a.values.begin() + (s + 1) * m * k);
      const std::int64_t at = round % 2 == 0 ? 0 : s * k * n;
      const std::vector<double> right(b.values.begin() + at, b.values.begin() + at + k * n);
      const auto plain = naive_product(m, n, k, left, right);
      for (std::int64_t i = 0; i < m * n; ++i)
        ASSERT_NEAR(y.values[static_cast<std::size_t>(s * m * n + i)], plain[static_cast<std::size_t>(i)],
                    tolerance(k));
    }
  }
}

TEST(FastConv, Int8ProductsAreExact) {
  Draw draw(6);
  for (int round = 0; round < 80; ++round) {
    const std::int64_t m = draw.from(1, 21), n = draw.from(1, round % 9 == 0 ? 500 : 80),
                       k = draw.from(1, round % 7 == 0 ? 1200 : 60);
    const auto a = draw.codes(m * k);
    std::vector<std::int16_t> b(static_cast<std::size_t>(k * n));
    for (auto& v : b) v = static_cast<std::int16_t>(draw.from(-32128, 32127));
    std::vector<std::int32_t> c(static_cast<std::size_t>(m * n), -1);
    gemm_int8(m, n, k, a.data(), k, DenseRows<std::int16_t>(b.data(), n), [&](const SumBlock& block) {
      for (std::int64_t r = 0; r < block.rows; ++r)
        for (std::int64_t j = 0; j < block.columns; ++j)
          c[static_cast<std::size_t>((block.row + r) * n + block.column + j)] =
              block.sums[r * block.stride + j];
    });
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        std::int64_t sum = 0;
        for (std::int64_t e = 0; e < k; ++e)
          sum +=
              std::int64_t{a[static_cast<std::size_t>(i * k + e)]} * b[static_cast<std::size_t>(e * n + j)];
        ASSERT_EQ(c[static_cast<std::size_t>(i * n + j)], sum) << "round " << round;
      }
  }
}

// Every tile of a convolution, and its ideal codes, from sums that are added up one by one. Zero points
// within int8, outside of it, and beyond what 16 bits take.
TEST(FastConv, TilesAndIdealAreExact) {
  Draw draw(7);
  for (int round = 0; round < 1000; ++round) {
    const Case c = drawn_case(draw, round);
    const ConvProblem& p = c.problem;
    const std::int64_t zeros[] = {0, 7, -128, 127, -300, -5350, 31999, -40000, 70000};
    const Quantisation in{0.02, zeros[round % 9]}, out{0.05, round % 4 == 0 ? 3 : -20};
    const auto rounding = static_cast<Rounding>(round % 3);
    const ConvPlan plan =
        plan_conv(p, c.weights, c.bias, in, out, round % 5 == 0 ? Clamp{0, 3} : Clamp{}, 31, rounding);
    ASSERT_LT(accumulator_bound(plan), INT32_MAX);
    const auto codes = draw.codes(c.x.size());
    const auto sums = naive_sums(plan, codes);
    const std::int64_t channels = draw.from(1, std::max<std::int64_t>(1, p.group_outputs())),
                       rows = draw.from(1, 5);
    const std::int64_t pixels = p.oh * p.ow;
    for (std::int64_t o = 0; o < p.oc; o += channels) {
      // Whole groups or within one, as the compiler cuts them.
      const std::int64_t within = p.group_outputs() - o % p.group_outputs();
      const std::int64_t count = std::min(channels, within);
      for (std::int64_t r = 0; r < p.oh; r += rows) {
        const ConvTile t = conv_tile(p, o, count, r, std::min(rows, p.oh - r));
        std::vector<std::int8_t> input, output(static_cast<std::size_t>(t.out_channels * t.out_rows * p.ow));
        for (std::int64_t ch = 0; ch < t.in_channels; ++ch) {
          const auto first = codes.begin() + ((t.in_channel + ch) * p.ih + t.in_row) * p.iw;
          input.insert(input.end(), first, first + t.in_rows * p.iw);
        }
        conv_tile_int8(t, plan, input.data(), plan.weights.data() + o * p.taps(), plan.entries.data() + o,
                       output.data());
        for (std::int64_t k = 0; k < count; ++k)
          for (std::int64_t i = 0; i < t.out_rows * p.ow; ++i)
            ASSERT_EQ(output[static_cast<std::size_t>(k * t.out_rows * p.ow + i)],
                      apply_affine(sums[static_cast<std::size_t>((o + k) * pixels + r * p.ow + i)],
                                   plan.entries[static_cast<std::size_t>(o + k)], rounding, out.zero_point,
                                   plan.lowest, plan.highest))
                << "round " << round;
      }
      o -= channels - count;
    }
    const auto scales = weight_scales(c.weights);
    const std::vector<std::int64_t> wide(codes.begin(), codes.end());
    const auto ideal = ideal_conv(plan, wide, scales, c.bias);
    const auto exact = exact_conv(plan, wide, scales, c.bias);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::size_t o = i / static_cast<std::size_t>(pixels) % static_cast<std::size_t>(p.oc);
      const long double real =
          static_cast<long double>(sums[i]) * (static_cast<long double>(in.scale) * scales[o]) +
          (c.bias.empty() ? 0.0L : static_cast<long double>(c.bias[o]));
      const auto code = static_cast<std::int64_t>(
          std::nearbyint(real / out.scale + static_cast<long double>(out.zero_point)));
      const double size = std::abs(static_cast<double>(sums[i]) * in.scale * scales[o]) +
                          (c.bias.empty() ? 0.0 : std::abs(c.bias[o]));
      ASSERT_NEAR(exact[i], static_cast<double>(real), 4 * std::numeric_limits<double>::epsilon() * size);
      ASSERT_EQ(ideal[i], std::clamp(code, plan.lowest, plan.highest)) << "round " << round;
    }
  }
}

// Rows of a matrix product come as images of one pixel: [samples][ic] to [samples][oc].
TEST(FastConv, MatrixProductsAreExact) {
  Draw draw(8);
  for (int round = 0; round < 20; ++round) {
    const std::int64_t n = draw.from(1, 70), ic = draw.from(1, 130), oc = draw.from(1, 50);
    const Tensor w = draw.tensor({oc, ic, 1, 1});
    const ConvProblem p = resolve_conv({}, {n, ic, 1, 1}, w.shape);
    const ConvPlan plan =
        plan_conv(p, w, {}, {0.02, round % 2 == 0 ? 5 : -40000}, {0.1, 0}, {}, 31, Rounding::HalfEven);
    const auto codes = draw.codes(n * ic);
    const auto sums = naive_sums(plan, codes);
    ConvTile tile = conv_tile(p, 0, oc, 0, 1);
    tile.samples = n;
    std::vector<std::int8_t> output(static_cast<std::size_t>(n * oc));
    conv_tile_int8(tile, plan, codes.data(), plan.weights.data(), plan.entries.data(), output.data());
    for (std::size_t i = 0; i < sums.size(); ++i)
      ASSERT_EQ(output[i], apply_affine(sums[i], plan.entries[i % static_cast<std::size_t>(oc)],
                                        Rounding::HalfEven, 0, -128, 127));
  }
}

// On each instruction set of this machine: integers are the same everywhere, and so are doubles where
// products are not rounded.
TEST(FastConv, EveryInstructionSetGivesTheSameBits) {
  Draw draw(9);
  Case c;
  c.x = draw.tensor({1, 19, 17, 23});
  c.weights = draw.tensor({14, 19, 3, 3});
  c.problem = resolve_conv({}, c.x.shape, c.weights.shape);
  Attributes depthwise;
  depthwise.ints["group"] = 19;
  const Tensor own = draw.tensor({19, 1, 3, 3});
  const ConvProblem each = resolve_conv(depthwise, c.x.shape, own.shape);
  const ConvPlan plan =
      plan_conv(c.problem, c.weights, {}, {0.02, -77}, {0.05, 3}, {}, 31, Rounding::HalfEven);
  const auto codes = draw.codes(c.x.size());
  const auto sum =
      plan_elementwise(ElementwiseKind::Add, {{0.1, 3}, {0.2, -9}}, {0.25, 1}, 30, Rounding::HalfEven);
  const std::vector<std::int64_t> wide(codes.begin(), codes.end());
  std::vector<std::vector<std::int64_t>> integers;
  std::vector<std::vector<std::int8_t>> sums;
  std::vector<std::vector<double>> reals, own_reals;
  const std::int64_t all = hwy::SupportedTargets();
  for (std::int64_t left = all; left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    hwy::GetChosenTarget().Update(left & -left);
    integers.push_back(ideal_conv(plan, wide, weight_scales(c.weights), {}));
    std::vector<std::int8_t> out(integers.back().size());
    ConvTile tile = conv_tile(c.problem, 0, 14, 0, c.problem.oh);
    conv_tile_int8(tile, plan, codes.data(), plan.weights.data(), plan.entries.data(), out.data());
    integers.back().insert(integers.back().end(), out.begin(), out.end());
    sums.emplace_back(codes.size());
    elementwise_int8(sum, codes.data(), codes.data(), static_cast<std::int64_t>(codes.size()),
                     sums.back().data());
    if (!multiplies_fused()) continue;
    reals.push_back(golden_conv(c.problem, c.x, c.weights, {}, 4).values);
    own_reals.push_back(golden_conv(each, c.x, own, {}, 4).values);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
  for (const auto& other : integers) EXPECT_EQ(other, integers.front());
  for (const auto& other : sums) EXPECT_EQ(other, sums.front());
  for (const auto& other : reals) EXPECT_EQ(other, reals.front());
  for (const auto& other : own_reals) EXPECT_EQ(other, own_reals.front());
}

// Dense sums around zero with few bits behind the point: every other one is a tie.
TEST(FastConv, RequantisationEqualsApplyAffineOnTiesAndExtremes) {
  std::vector<std::int32_t> sums;
  for (std::int32_t i = -700; i < 700; ++i) sums.push_back(i);
  for (const std::int32_t extreme : {INT32_MAX, INT32_MIN + 1, 1 << 30, -(1 << 30)}) sums.push_back(extreme);
  std::vector<std::int8_t> out(sums.size());
  for (const AffineEntry entry :
       {AffineEntry{0, 1, 1}, AffineEntry{1, 1, 2}, AffineEntry{-3, -5, 4}, AffineEntry{7, 3, 0},
        AffineEntry{std::int64_t{1} << 62, 1 << 30, 62}, AffineEntry{-(std::int64_t{1} << 62), INT32_MAX, 62},
        AffineEntry{12345, INT32_MAX, 31}, AffineEntry{0, -(1 << 30), 31}, AffineEntry{0, 0, 5}})
    for (const auto rounding : {Rounding::HalfEven, Rounding::HalfUp, Rounding::Truncate})
      for (const CodeRange range :
           {CodeRange{}, CodeRange{100, -128, 127}, CodeRange{-5000, -20, 90}, CodeRange{3, 3, 3}}) {
        requantise(sums.data(), static_cast<std::int64_t>(sums.size()), entry, rounding, range, out.data());
        for (std::size_t i = 0; i < sums.size(); ++i)
          ASSERT_EQ(out[i],
                    apply_affine(sums[i], entry, rounding, range.zero_point, range.lowest, range.highest))
              << sums[i] << " * " << entry.multiplier << " + " << entry.bias << " >> " << entry.shift;
      }
}

// gain 1/4 and offsets of eighths put sums onto ties and next to them; the last offset is a tie but for less
// than a double can tell.
TEST(FastConv, ExactRoundingEqualsLongDoubleNextToTies) {
  std::vector<std::int32_t> sums;
  for (std::int32_t i = -2100; i < 2100; ++i) sums.push_back(i);
  for (const std::int32_t extreme : {INT32_MAX, INT32_MIN}) sums.push_back(extreme);
  std::vector<std::int8_t> out(sums.size());
  for (const double scale : {1.0, 0.5, 0.1, 3.0})
    for (const long double gain : {0.25L, 0.1L * 0.3L, -0.75L, 1e-9L, 12.5L})
      for (const long double offset : {0.0L, 0.125L, 0.5L, 1e6L, -0.3L, 0.5L + 0x1p-60L, 0.5L - 0x1p-60L})
        for (const CodeRange range : {CodeRange{}, CodeRange{-5350, -128, 127}, CodeRange{9, 0, 60}}) {
          const ExactAffine map(gain, offset, scale, range);
          map.apply(sums.data(), static_cast<std::int64_t>(sums.size()), out.data());
          for (std::size_t i = 0; i < sums.size(); ++i) {
            const long double real = (static_cast<long double>(sums[i]) * gain + offset) / scale +
                                     static_cast<long double>(range.zero_point);
            const auto code = static_cast<std::int64_t>(std::nearbyint(std::clamp(real, -1000.0L, 1000.0L)));
            ASSERT_EQ(out[i], std::clamp(code, range.lowest, range.highest)) << sums[i];
          }
        }
}

}  // namespace
}  // namespace bpusim
