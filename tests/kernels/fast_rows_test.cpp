// Element-wise operators, grids, broadcasts and views: the fast ways against the formulas, element by
// element.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "kernels/cpu/parallel.h"
#include "kernels/norms/golden.h"
#include "kernels/norms/walk.h"
#include "kernels/quantise/quantise_rows.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/view.h"
#include "kernels/vector/elementwise.h"
#include "kernels/vector/pool.h"
#include "tests/kernels/draw.h"

namespace bpusim {
namespace {

using testing::Draw;

// The plan's formula, and that of infinite precision, as elementwise.h states them.
std::int64_t planned(const ElementwisePlan& plan, std::int64_t a, std::int64_t b) {
  std::int64_t sum = plan.multipliers[0] * (a - plan.in[0].zero_point);
  if (plan.kind == ElementwiseKind::Relu)
    sum = plan.multipliers[0] * std::max<std::int64_t>(a - plan.in[0].zero_point, 0);
  if (plan.kind == ElementwiseKind::Add || plan.kind == ElementwiseKind::Sub)
    sum += plan.multipliers[1] * (b - plan.in[1].zero_point);
  if (plan.kind == ElementwiseKind::Mul) sum *= b - plan.in[1].zero_point;
  return std::clamp<std::int64_t>(round_shift64(sum, plan.shift, plan.rounding) + plan.out.zero_point, -128,
                                  127);
}

std::int64_t exact(const ElementwisePlan& plan, std::int64_t a, std::int64_t b) {
  long double value =
      static_cast<long double>(plan.in[0].scale) * static_cast<long double>(a - plan.in[0].zero_point);
  if (plan.kind == ElementwiseKind::Relu) value = std::max(value, 0.0L);
  if (operand_count(plan.kind) == 2) {
    const long double w =
        static_cast<long double>(plan.in[1].scale) * static_cast<long double>(b - plan.in[1].zero_point);
    value = plan.kind == ElementwiseKind::Add   ? value + w
            : plan.kind == ElementwiseKind::Sub ? value - w
                                                : value * w;
  }
  const long double code = value / plan.out.scale + static_cast<long double>(plan.out.zero_point);
  return static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(code, -128, 127)));
}

// Scales of powers of two put every second result on a tie.
TEST(FastRows, ElementwiseIsThePlansFormulaAndTheIdealIsExact) {
  Draw draw(1);
  for (int round = 0; round < 200; ++round) {
    const double scales[] = {1, 0.5, 0.25, 2, 0.1, 0.037};
    const auto grid = [&] {
      return Quantisation{scales[draw.from(0, round % 2 == 0 ? 3 : 5)], draw.from(-400, 400)};
    };
    constexpr ElementwiseKind kKinds[] = {ElementwiseKind::Copy, ElementwiseKind::Relu, ElementwiseKind::Add,
                                          ElementwiseKind::Sub, ElementwiseKind::Mul};
    const ElementwiseKind kind = kKinds[round % 5];
    const std::int64_t rows = draw.from(1, 30), row = draw.from(1, 90), count = rows * row;
    const Broadcast repeats[] = {{}, {row, rows}, {1, row}, {row, 0}};
    const Broadcast broadcast = operand_count(kind) == 2 ? repeats[draw.from(0, 3)] : Broadcast{};
    std::vector<Quantisation> in;
    for (int k = 0; k < operand_count(kind); ++k) in.push_back(grid());
    const auto plan = plan_elementwise(kind, in, grid(), 30, static_cast<Rounding>(round % 3));
    std::vector<std::int8_t> a(static_cast<std::size_t>(count)), b(a.size()), y(a.size());
    for (auto& q : a) q = static_cast<std::int8_t>(draw.from(-128, 127));
    for (auto& q : b) q = static_cast<std::int8_t>(draw.from(-128, 127));
    std::vector<std::vector<std::int64_t>> codes = {{a.begin(), a.end()}, {b.begin(), b.end()}};
    codes.resize(in.size());
    elementwise_int8(plan, a.data(), b.data(), count, y.data(), broadcast);
    const auto ideal = ideal_elementwise(plan, codes, broadcast);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::int64_t w = b[static_cast<std::size_t>(broadcast.at(i))];
      ASSERT_EQ(y[at], planned(plan, a[at], w)) << "round " << round << ", element " << i;
      ASSERT_EQ(ideal[at], exact(plan, a[at], w)) << "round " << round << ", element " << i;
    }
  }
}

TEST(FastRows, WholeTensorsQuantiseAsTheirValuesDo) {
  Draw draw(2);
  for (const Quantisation grid : {Quantisation{0.5, 0}, Quantisation{0.25, -5350}, Quantisation{0.013, 99}}) {
    std::vector<double> values = {0.25, 0.75, -0.25, 1e300, -1e300, std::numeric_limits<double>::infinity(),
                                  -0.0};
    for (int i = 0; i < 1001; ++i)
      values.push_back((100 * draw.real() + static_cast<double>(grid.zero_point)) * grid.scale);
    for (int i = 0; i < 400; ++i) values.push_back((i + 0.5) * grid.scale);  // ties
    const auto codes = quantise_int8(values, grid);
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(codes[i], quantise(values[i], grid)) << values[i];
  }
  std::vector<double> broken(50, 1.0);
  for (const std::size_t at :
       {std::size_t{3}, std::size_t{49}}) {  // within a vector, and behind the last whole one
    broken[at] = std::nan("");
    EXPECT_THROW(quantise_int8(broken, {}), std::invalid_argument);
    broken[at] = 1;
  }
  EXPECT_THROW(quantise_int8(broken, {1, 0, DType::Int16}), std::invalid_argument);
}

TEST(FastRows, TheLargestMagnitudeIsThatOfTheValues) {
  Draw draw(3);
  for (const std::int64_t count : {0, 1, 7, 8, 9, 1000, 1037}) {
    const Tensor x = draw.tensor({count});
    double largest = 0;
    for (const double v : x.values) largest = std::max(largest, std::abs(v));
    EXPECT_EQ(largest_magnitude(x.values), largest);
  }
  EXPECT_EQ(largest_magnitude({-2, 1, 1, 1, 1, 1, 1, 1, 1}), 2);
}

// Ones under three taps, of which the ends' see one in the padding: 2/3, counted or not where ceil_mode,
// which rounds explicit pads alone, stands beside it.
TEST(FastRows, CeilModeIsNothingToPoolsThatKeepTheExtent) {
  for (const std::int64_t ceil : {0, 1})
    for (const char* word : {"SAME_UPPER", "SAME_LOWER"}) {
      Attributes a;
      a.int_lists = {{"kernel_shape", {3}}};
      a.ints = {{"count_include_pad", 1}, {"ceil_mode", ceil}};
      a.strings["auto_pad"] = word;
      const Tensor y = golden_pool(resolve_pool("AveragePool", a, {1, 1, 3}), Tensor::filled({1, 1, 3}, 1));
      ASSERT_EQ(y.values.size(), 3U);
      EXPECT_DOUBLE_EQ(y.values[0], 2.0 / 3);
      EXPECT_DOUBLE_EQ(y.values[1], 1);
      EXPECT_DOUBLE_EQ(y.values[2], 2.0 / 3);
    }
}

// Every output's window, element by element, clipped to the input; empty windows are not drawn.
TEST(FastRows, PoolingIsTheFormula) {
  Draw draw(8);
  for (int round = 0; round < 80; ++round) {
    const std::int64_t kh = draw.from(1, 4), kw = draw.from(1, 4);
    Attributes a;
    const Shape strides = {draw.from(1, 3), draw.from(1, 3)},
                pads = {draw.from(0, kh - 1), draw.from(0, kw - 1), draw.from(0, kh - 1),
                        draw.from(0, kw - 1)};
    a.int_lists = {{"kernel_shape", {kh, kw}}, {"strides", strides}, {"pads", pads}};
    a.ints["count_include_pad"] = round % 2;
    a.ints["ceil_mode"] = round / 4 % 2;
    const Shape shape = {2, 3, draw.from(4, 9), draw.from(4, 30)};
    const PoolProblem problem = resolve_pool(round % 4 < 2 ? "MaxPool" : "AveragePool", a, shape);
    const ConvProblem& p = problem.window;
    const bool greatest = problem.kind == PoolKind::Max;
    const Quantisation in{0.5, -3}, out = greatest ? in : Quantisation{0.75, 11};
    const PoolPlan plan = plan_pool(problem, in, out, 30, Rounding::HalfEven);
    std::vector<std::int8_t> bytes(static_cast<std::size_t>(element_count(shape)));
    for (auto& q : bytes) q = static_cast<std::int8_t>(draw.from(-128, 127));
    const Tensor x(shape, {bytes.begin(), bytes.end()});
    const Tensor golden = golden_pool(problem, x);
    const auto ideal = ideal_pool(plan, {bytes.begin(), bytes.end()});
    const std::int64_t rows = draw.from(1, p.oh), top = draw.from(0, p.oh - rows);
    ConvTile tile = conv_tile(p, 1, 2, top, rows);
    std::vector<std::int8_t> part, made(static_cast<std::size_t>(2 * rows * p.ow));
    for (std::int64_t c = 1; c < 3; ++c) {
      const auto first = bytes.begin() + (c * p.ih + tile.in_row) * p.iw;
      part.insert(part.end(), first, first + tile.in_rows * p.iw);
    }
    pool_tile_int8(tile, plan, part.data(), made.data());
    for (std::int64_t i = 0; i < golden.size(); ++i) {
      const std::int64_t ox = i % p.ow, oy = i / p.ow % p.oh, plane = i / (p.ow * p.oh);
      double sum = 0, largest = -INFINITY, count = 0, counted = 0;
      for (std::int64_t ky = 0; ky < kh; ++ky)
        for (std::int64_t kx = 0; kx < kw; ++kx) {
          const std::int64_t iy = oy * p.stride_h - p.pad_top + ky, ix = ox * p.stride_w - p.pad_left + kx;
          counted += iy < p.ih + pads[2] && ix < p.iw + pads[3] ? 1 : 0;  // not what ceil_mode adds
          if (iy < 0 || iy >= p.ih || ix < 0 || ix >= p.iw) continue;
          const double v = x.values[static_cast<std::size_t>((plane * p.ih + iy) * p.iw + ix)];
          sum += v;
          largest = std::max(largest, v);
          ++count;
        }
      const double by = problem.count_padding ? counted : count;
      ASSERT_EQ(golden.values[static_cast<std::size_t>(i)], greatest ? largest : sum / by)
          << "round " << round;
      const long double code =
          greatest
              ? static_cast<long double>(largest)
              : 0.5L * static_cast<long double>(sum + 3 * count) / static_cast<long double>(by) / 0.75L + 11;
      const auto expected =
          static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(code, -128, 127)));
      ASSERT_EQ(ideal[static_cast<std::size_t>(i)], expected) << "round " << round;
      const std::int64_t channel = plane - 1, row = oy - top;
      if (channel < 0 || channel > 1 || row < 0 || row >= rows) continue;
      ASSERT_LE(std::abs(made[static_cast<std::size_t>((channel * rows + row) * p.ow + ox)] - expected),
                greatest ? 0 : 1);
    }
  }
}

// NumPy's rule, index by index.
std::int64_t broadcast_index(const Shape& shape, const Shape& operand, std::int64_t i) {
  std::int64_t at = 0, stride = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t extent = shape[shape.size() - 1 - d], index = i % extent;
    i /= extent;
    const std::int64_t own = d < operand.size() ? operand[operand.size() - 1 - d] : 1;
    if (own != 1) at += index * stride;
    stride *= own;
  }
  return at;
}

TEST(FastRows, BinaryOperatorsBroadcast) {
  Draw draw(4);
  const Shape shapes[] = {{},           {1},          {5},       {3, 1},       {4, 1, 5},
                          {2, 1, 3, 5}, {2, 4, 3, 5}, {4, 3, 5}, {2, 4, 1, 1}, {1, 4, 1, 5}};
  for (const Shape& sa : shapes)
    for (const Shape& sb : shapes) {
      const Tensor a = draw.tensor(sa), b = draw.tensor(sb);
      const Shape shape = broadcast_shape(sa, sb);
      const Tensor sub = binary("Sub", a, b), least = binary("Min", a, b), slope = binary("PRelu", a, b);
      ASSERT_EQ(sub.shape, shape);
      for (std::int64_t i = 0; i < element_count(shape); ++i) {
        const double x = a.values[static_cast<std::size_t>(broadcast_index(shape, sa, i))],
                     w = b.values[static_cast<std::size_t>(broadcast_index(shape, sb, i))];
        ASSERT_EQ(sub.values[static_cast<std::size_t>(i)], x - w);
        ASSERT_EQ(least.values[static_cast<std::size_t>(i)], std::min(x, w));
        ASSERT_EQ(slope.values[static_cast<std::size_t>(i)], x < 0 ? w * x : x);
      }
    }
}

TEST(FastRows, ReductionsAreTheFormulas) {
  Draw draw(5);
  const Tensor x = draw.tensor({3, 4, 5, 6});
  for (int mask = 1; mask < 16; ++mask) {
    std::vector<std::int64_t> axes;
    Shape kept = x.shape;
    for (int d = 0; d < 4; ++d)
      if ((mask >> d & 1) != 0) {
        axes.push_back(d);
        kept[static_cast<std::size_t>(d)] = 1;
      }
    std::vector<double> sum(static_cast<std::size_t>(element_count(kept)), 0), largest(sum.size(), -INFINITY),
        squares(sum.size(), 0);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const auto at = static_cast<std::size_t>(broadcast_index(x.shape, kept, i));
      const double v = x.values[static_cast<std::size_t>(i)];
      sum[at] += v;
      squares[at] += v * v;
      largest[at] = std::max(largest[at], v);
    }
    EXPECT_EQ(reduce("ReduceSum", x, axes, true).values, sum);
    EXPECT_EQ(reduce("ReduceMax", x, axes, false).values, largest);
    for (double& v : squares) v = std::sqrt(v);
    EXPECT_EQ(reduce("ReduceL2", x, axes, true).values, squares);
  }
}

TEST(FastRows, ViewsTakeTheElementsThatTheirStridesName) {
  Draw draw(6);
  const Tensor x = draw.tensor({4000});
  for (int round = 0; round < 100; ++round) {
    View view;
    view.offset = draw.from(0, 50);
    for (std::int64_t d = draw.from(0, 4); d > 0; --d)
      view.dims.push_back({draw.from(1, 5), draw.from(0, 30)});
    if (round % 2 == 0) view.dims.push_back({draw.from(1, 20), 1});
    if (round % 3 == 0) view.dims.insert(view.dims.end(), {{3, 5}, {5, 1}});  // one run of 15
    std::vector<double> expected = {};
    std::int64_t total = 1;
    for (const auto& dim : view.dims) total *= dim.count;
    for (std::int64_t i = 0; i < total; ++i) {
      std::int64_t at = view.offset, rest = i;
      for (std::size_t d = view.dims.size(); d-- > 0; rest /= view.dims[d].count)
        at += rest % view.dims[d].count * view.dims[d].stride;
      expected.push_back(x.values[static_cast<std::size_t>(at)]);
    }
    ASSERT_EQ(apply_view(view, x.values), expected);
  }
}

// Runs and places are two ways to say the same.
TEST(FastRows, RunsCoverTheElementsOfASet) {
  NormPart part;
  part.offset = 7;
  part.dims = {{3, 100, false, 1}, {4, 25, true, 3}, {2, 12, false, 0}, {5, 2, true, 12}};
  std::vector<std::int64_t> places, runs;
  for (const ElementPlace& e : set_elements(part)) places.insert(places.end(), {e.offset, e.affine});
  for (const ElementRun& run : set_runs(part))
    for (std::int64_t i = 0; i < run.count; ++i)
      runs.insert(runs.end(), {run.place.offset + i * run.stride, run.place.affine + i * run.affine_stride});
  EXPECT_EQ(places, runs);
  std::int64_t all = 0;
  for (const ElementRun& run : all_runs(part)) all += run.count;
  EXPECT_EQ(all, part.element_count());
}

// A long run with one affine index goes by a table of codes, a short one element by element.
TEST(FastRows, IdealNormsOfLongRunsAreThoseOfShortOnes) {
  Draw draw(7);
  const std::int64_t length = 600;
  NormPart whole;
  whole.dims = {{2, length, false, 1}, {length, 1, true, 0}};
  whole.gamma = {0.7, -1.3};
  whole.beta = {0.25, -0.5};
  NormPart split = whole;  // the same sets in runs of two
  split.dims = {{2, length, false, 1}, {length / 2, 2, true, 0}, {2, 1, true, 0}};
  std::vector<std::int64_t> codes(static_cast<std::size_t>(2 * length));
  for (auto& q : codes) q = draw.from(-128, 127);
  for (const Statistic statistic :
       {Statistic::MeanVariance, Statistic::MeanSquare, Statistic::L1, Statistic::L2}) {
    whole.statistic = split.statistic = statistic;
    const Quantisation in{0.03, -5350}, out{0.02, 5};
    EXPECT_EQ(ideal_norm({{2, length}, {whole}, {}, {}}, codes, in, out),
              ideal_norm({{2, length}, {split}, {}, {}}, codes, in, out));
  }
}

TEST(FastRows, ParallelForRunsEachPartOnceAndPassesExceptionsOn) {
  const int threads = thread_count();
  set_thread_count(4);
  std::vector<int> calls(1000, 0);
  parallel_for(1000, INT64_MAX, [&](std::int64_t i) {
    parallel_for(1, INT64_MAX, [&](std::int64_t) { ++calls[static_cast<std::size_t>(i)]; });
  });
  EXPECT_EQ(calls, std::vector<int>(1000, 1));
  EXPECT_THROW(parallel_for(100, INT64_MAX,
                            [](std::int64_t i) {
                              if (i == 77) throw std::runtime_error("77");
                            }),
               std::runtime_error);
  set_thread_count(threads);
}

// Two parts that wait for each other end only where two threads work on them.
TEST(FastRows, ParallelForTakesAThreadMore) {
  const int threads = thread_count();
  set_thread_count(2);
  std::atomic<int> there{0}, met{0};
  parallel_for(2, INT64_MAX, [&](std::int64_t) {
    ++there;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (there < 2 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    if (there == 2) ++met;
  });
  EXPECT_EQ(met, 2);
  set_thread_count(threads);
}

}  // namespace
}  // namespace bpusim
