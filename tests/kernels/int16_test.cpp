// Operators with int16 on one side or both, against exact arithmetic on the same codes.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/mac/conv_int16.h"
#include "kernels/mac/product.h"
#include "kernels/quantise/affine_int16.h"
#include "kernels/tensor/random.h"
#include "kernels/vector/reduction.h"
#include "kernels/vector/resample.h"
#include "kernels/vector/softmax_int16.h"
#include "kernels/vector/unary.h"
#include "kernels/vector/vector_int16.h"

namespace bpusim {
namespace {

Quantisation grid_of(DType dtype, double largest, std::int64_t zero = 0) {
  return {largest / (dtype == DType::Int8 ? 127 : 32767), zero, dtype};
}

std::vector<std::int16_t> codes_of(const std::vector<double>& values, const Quantisation& grid) {
  const auto codes = quantise(values, grid);
  return {codes.begin(), codes.end()};
}

template <class Code>
std::vector<std::int64_t> wide(const std::vector<Code>& codes) {
  return {codes.begin(), codes.end()};
}

template <class Code>
std::int64_t worst(const std::vector<Code>& codes, const std::vector<std::int64_t>& ideal) {
  std::int64_t most = 0;
  EXPECT_EQ(codes.size(), ideal.size());
  for (std::size_t i = 0; i < codes.size(); ++i) most = std::max(most, std::abs(codes[i] - ideal[i]));
  return most;
}

constexpr DType kTypes[] = {DType::Int8, DType::Int16};

TEST(Int16, ConvolutionsOfAllFourKinds) {
  const Tensor x = random_normal({1, 4, 7, 9}, 0, 1, 1), w = random_normal({6, 2, 3, 3}, 0, 0.3, 2);
  Attributes attributes;
  attributes.ints["group"] = 2;
  attributes.int_lists["pads"] = {1, 1, 1, 1};
  attributes.int_lists["strides"] = {2, 1};
  const ConvProblem problem = resolve_conv(attributes, x.shape, w.shape);
  const std::vector<double> bias = {0.1, -0.2, 0, 1, 2, -3};
  for (const DType in : kTypes)
    for (const DType out : kTypes) {
      const Quantisation a = grid_of(in, 4, in == DType::Int8 ? 3 : -700), b = grid_of(out, 6);
      const ConvPlan plan = plan_conv(problem, w, bias, a, b, {0}, 31, Rounding::HalfEven);
      const auto codes = codes_of(x.values, a);
      std::vector<std::int32_t> y(static_cast<std::size_t>(problem.oc * problem.oh * problem.ow));
      conv_tile_int16(conv_tile(problem, 0, problem.oc, 0, problem.oh), plan, codes.data(),
                      plan.weights.data(), plan.entries.data(), y.data());
      const auto ideal = ideal_conv_int16(plan, wide(codes), weight_scales(w), bias);
      EXPECT_LE(worst(y, ideal), 1) << to_string(in) << to_string(out);
      // The same tile by tile: rows 1 and on of the second group.
      const ConvTile tile = conv_tile(problem, 3, 3, 1, problem.oh - 1);
      std::vector<std::int16_t> part;
      for (std::int64_t c = tile.in_channel; c < tile.in_channel + tile.in_channels; ++c)
        for (std::int64_t r = tile.in_row; r < tile.in_row + tile.in_rows; ++r)
          for (std::int64_t i = 0; i < problem.iw; ++i)
            part.push_back(codes[static_cast<std::size_t>((c * problem.ih + r) * problem.iw + i)]);
      std::vector<std::int32_t> z(static_cast<std::size_t>(3 * (problem.oh - 1) * problem.ow));
      conv_tile_int16(tile, plan, part.data(), plan.weights.data() + 3 * problem.taps(),
                      plan.entries.data() + 3, z.data());
      for (std::int64_t o = 0; o < 3; ++o)
        for (std::int64_t i = 0; i < (problem.oh - 1) * problem.ow; ++i)
          EXPECT_EQ(z[static_cast<std::size_t>(o * (problem.oh - 1) * problem.ow + i)],
                    y[static_cast<std::size_t>((o + 3) * problem.oh * problem.ow + problem.ow + i)]);
      if (in == DType::Int8 && out == DType::Int8) {  // the int8 path gives the same bytes
        EXPECT_EQ(wide(y), ideal_conv(plan, wide(codes), weight_scales(w), bias));
      }
    }
}

// Weights 1 and -0.5 are codes 127 and -64 (63.5 to even) of 1/127; codes 100 and 7 of 0.5, with the zero
// point 4, are 96 and 3 steps: 96 * 127 - 3 * 64 = 12000 sums of 0.5 / 127. A bias of 0.1 is 25.4 of
// them, 25. The most that a sum can be: 191 of weights times the 132 from -128 to 4, and the bias.
TEST(Int16, SumsLeaveAsTheyAre) {
  ConvProblem problem;
  problem.ic = 2;
  const Tensor w({1, 2, 1, 1}, {1.0, -0.5});
  const ConvPlan plan = plan_conv(problem, w, {0.1}, {0.5, 4, DType::Int8, true}, {1, 0, DType::Int32}, {},
                                  31, Rounding::HalfEven);
  EXPECT_TRUE(takes_int16(plan));
  EXPECT_EQ(accumulator_bound(plan), 191 * 132 + 25);
  const std::int16_t x[] = {100, 7};
  std::int32_t y = 0;
  conv_tile_int16(conv_tile(problem, 0, 1, 0, 1), plan, x, plan.weights.data(), plan.entries.data(), &y);
  EXPECT_EQ(y, 12025);
}

TEST(Int16, SumsBeyond32BitsAreExact) {
  // 1024 products of 32767 and 127 add up to 4.26e9, beyond 2^31 (and 2^32 within 1 %).
  ConvProblem problem;
  problem.ic = 1024;
  Tensor w({1, 1024, 1, 1}, std::vector<double>(1024, 1.0));
  const ConvPlan plan = plan_conv(problem, w, {}, {1.0 / 32767, 0, DType::Int16},
                                  {1024.0 / 32767, 0, DType::Int16}, {}, 31, Rounding::HalfEven);
  const std::vector<std::int16_t> x(1024, 32767);
  std::int32_t y = 0;
  conv_tile_int16(conv_tile(problem, 0, 1, 0, 1), plan, x.data(), plan.weights.data(), plan.entries.data(),
                  &y);
  EXPECT_EQ(y, 32767);  // 1024 x 1.0 on a grid whose last code is 1024
  EXPECT_GT(accumulator_bound(plan), std::int64_t{1} << 31);
  EXPECT_LT(accumulator_bound(plan), std::int64_t{1} << (kInt16AccumulatorBits - 1));
}

TEST(Int16, ElementwiseIsWithinOneStepOfExact) {
  const Tensor a = random_normal({500}, 0, 1, 3), b = random_normal({500}, 0.5, 1, 4);
  for (const ElementwiseKind kind : {ElementwiseKind::Copy, ElementwiseKind::Relu, ElementwiseKind::Add,
                                     ElementwiseKind::Sub, ElementwiseKind::Mul})
    for (const DType first : kTypes)
      for (const DType second : kTypes)
        for (const DType out : kTypes) {
          std::vector<Quantisation> in = {grid_of(first, 4)};
          if (operand_count(kind) == 2) in.push_back(grid_of(second, 5));
          const auto plan = plan_elementwise(kind, in, grid_of(out, 7, 2), 30, Rounding::HalfEven);
          const auto x = codes_of(a.values, in[0]), z = codes_of(b.values, in.back());
          std::vector<std::int16_t> y(x.size());
          elementwise_int16(plan, x.data(), z.data(), 500, y.data());
          EXPECT_LE(worst(y, ideal_elementwise(plan, {wide(x), wide(z)})), 1) << to_string(kind);
        }
}

// (3 + 5) * 0.1 = 0.8 and (-32768 + 5) * 0.1 = -3276.3, each as the nearest float32; nothing but copies.
TEST(Int16, CopiesOntoFloat32AreTheNumbersRoundedOnce) {
  const Quantisation in{0.1, -5, DType::Int16}, numbers{1, 0, DType::Float32};
  const auto plan = plan_elementwise(ElementwiseKind::Copy, {in}, numbers, 30, Rounding::HalfEven);
  const std::int16_t codes[] = {3, -32768, -5};
  float y[3] = {};
  elementwise_float32(plan, codes, 3, y);
  EXPECT_EQ(y[0], 0.8F);
  EXPECT_EQ(y[1], -3276.3F);
  EXPECT_EQ(y[2], 0.0F);
  EXPECT_THROW(plan_elementwise(ElementwiseKind::Relu, {in}, numbers, 30, Rounding::HalfEven),
               std::invalid_argument);
}

// All codes by a table of 2^(16 - segment_bits) entries; the largest difference to the function, rounded
// once.
std::int64_t worst_of_table(const RealFunction& function, const Quantisation& in, const Quantisation& out,
                            int segment_bits) {
  LookupPlan plan;
  plan.in = in;
  plan.out = out;
  plan.segment_bits = segment_bits;
  const auto table = int16_table(function, plan);
  EXPECT_EQ(static_cast<std::int64_t>(table.size()), int16_table_bytes(segment_bits));
  std::int64_t most = 0;
  for (std::int64_t q = -32768; q < 32768; ++q) {
    auto code = static_cast<std::int16_t>(q);
    lookup_int16(plan, table.data(), &code, 1, &code);
    most = std::max(most, std::abs(code - quantise(function(dequantise(q, in)), out)));
  }
  return most;
}

TEST(Int16, FunctionsByStraightSegments) {
  // A segment is 128 codes: of a grid to 8 it is h = 8/256 wide. Linear interpolation is off by at most
  // h^2/8 |f''|, here 1.2e-4 |f''|: at most 0.5 for SiLU and 0.77 for Tanh; a step of the output grid to 8 is
  // 2.4e-4, so at most half a step, and half a step of rounding, and 1/512 of each end's: 1.
  const Quantisation in = grid_of(DType::Int16, 8), out = grid_of(DType::Int16, 8);
  for (const char* op : {"Sigmoid", "Tanh", "SiLU", "LeakyRelu", "Abs"})
    EXPECT_LE(worst_of_table(table_function(op, {}, {}), in, out, 7), 1) << op;
  EXPECT_FALSE(interpolates("Round"));
  EXPECT_TRUE(interpolates("Sigmoid"));
}

TEST(Int16, FunctionsByAllCodesAreExact) {
  const Quantisation in = grid_of(DType::Int16, 8, 30);
  for (const DType out : kTypes)
    for (const char* op : {"Sigmoid", "Reciprocal", "Log", "Exp", "HardSwish", "Round", "Sin"})
      EXPECT_EQ(worst_of_table(table_function(op, {}, {}), in, grid_of(out, 8, -5), 0), 0) << op;
}

TEST(Int16, FunctionsOfInt8AreExact) {
  const Quantisation in = grid_of(DType::Int8, 6), out = grid_of(DType::Int16, 1);
  const RealFunction function = unary_function("Sigmoid", {}, {});
  const LookupPlan plan = plan_lookup(function, in, out);
  for (std::int64_t q = -128; q < 128; ++q) {
    auto code = static_cast<std::int16_t>(q);
    lookup_int16(plan, nullptr, &code, 1, &code);
    EXPECT_EQ(code, quantise(function(dequantise(q, in)), out));
  }
}

TEST(Int16, PoolingsOfAllFourKinds) {
  const Tensor x = random_normal({1, 3, 8, 9}, 0, 1, 5);
  Attributes attributes;
  attributes.int_lists["kernel_shape"] = {3, 2};
  attributes.int_lists["pads"] = {1, 0, 1, 1};
  for (const DType in : kTypes)
    for (const DType out : kTypes)
      for (const char* op : {"AveragePool", "MaxPool"}) {
        if (in != out && std::string(op) == "MaxPool") continue;  // keeps its grid
        const PoolProblem problem = resolve_pool(op, attributes, x.shape);
        const Quantisation a = grid_of(in, 4), b = in == out ? a : grid_of(out, 3);
        const PoolPlan plan = plan_pool(problem, a, b, 31, Rounding::HalfEven);
        const ConvProblem& p = problem.window;
        const auto codes = codes_of(x.values, a);
        ConvTile tile;
        tile.out_channels = tile.in_channels = 3;
        tile.out_rows = p.oh;
        tile.in_rows = p.ih;
        std::vector<std::int16_t> y(static_cast<std::size_t>(3 * p.oh * p.ow));
        pool_tile_int16(tile, plan, codes.data(), y.data());
        EXPECT_LE(worst(y, ideal_pool_int16(plan, wide(codes))), 1) << op;
        EXPECT_EQ(ideal_pool(plan, wide(codes)).size(), y.size());
      }
}

TEST(Int16, SoftmaxIsTheIdealOne) {
  const Tensor x = random_normal({4, 60}, 0, 3, 6);
  for (const DType in : kTypes)
    for (const DType out : kTypes) {
      if (in == DType::Int8 && out == DType::Int8) continue;  // softmax_int8's
      const SoftmaxPlan plan = plan_softmax(grid_of(in, 10), grid_of(out, 1));
      const auto codes = codes_of(x.values, plan.in);
      std::vector<std::int16_t> y(codes.size());
      softmax_int16(plan, codes.data(), 4, {60, 1}, y.data());
      EXPECT_EQ(worst(y, ideal_softmax(plan, wide(codes), {60, 1})), 0) << to_string(in) << to_string(out);
    }
}

// Within 2^-33, and an error that grows with the sum's powers of two by half a bit of ln 2 each.
TEST(Int16, LogarithmsOfSums) {
  for (const Int128 sum : {Int128{1} << 42, Int128{3} << 41, Int128{1} << 60, (Int128{1} << 42) + 1,
                           Int128{123456789} << 30, (Int128{1} << 64) - 1, Int128{987654321987654321}}) {
    const long double real = std::log(std::ldexp(static_cast<long double>(sum), -42));
    const long double got = std::ldexp(static_cast<long double>(log_of_wide_sum(sum)), -48);
    EXPECT_NEAR(static_cast<double>(got - real), 0, std::ldexp(1.0, -33));
  }
}

TEST(Int16, SoftmaxOfRowsSideBySideIsThatOfRows) {
  const Tensor x = random_normal({3, 40}, 0, 2, 7);
  for (const bool logarithm : {false, true}) {
    const SoftmaxPlan plan =
        plan_softmax(grid_of(DType::Int16, 8), grid_of(DType::Int16, logarithm ? 12 : 1), logarithm);
    const auto rows = codes_of(x.values, plan.in);
    std::vector<std::int16_t> y(rows.size()), turned(rows.size());
    softmax_int16(plan, rows.data(), 3, {40, 1}, y.data());
    EXPECT_EQ(worst(y, ideal_softmax(plan, wide(rows), {40, 1})), 0) << logarithm;
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t i = 0; i < 40; ++i) turned[i * 3 + r] = rows[r * 40 + i];
    softmax_int16(plan, turned.data(), 3, {40, 3}, turned.data());
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(turned[i * 3 + r], y[r * 40 + i]) << logarithm;
  }
}

// Of 30000, -20000, 100 and 7 on a grid of a half.
TEST(Int16, ReductionsByHand) {
  const NormTile tile{{{4, true, 0}}};
  const std::vector<std::int16_t> codes = {30000, -20000, 100, 7};
  const auto reduced = [&](ReductionKind kind, double scale) {
    const ReductionPlan plan =
        plan_reduction(kind, 4, {0.5, 0, DType::Int16}, {scale, 0, DType::Int16}, 31, Rounding::HalfEven);
    Partial partial = 0;
    std::int16_t y = 0;
    reduce_codes(tile, plan, codes.data(), &partial, false);
    finish_reduction(plan, &partial, 1, &y);
    EXPECT_EQ(ideal_reduction(plan, tile, wide(codes)), std::vector<std::int64_t>{y});
    return y;
  };
  EXPECT_EQ(reduced(ReductionKind::Sum, 1), 5054);   // 10107 / 2, a tie
  EXPECT_EQ(reduced(ReductionKind::Mean, 1), 1263);  // 10107 / 8 = 1263.375
  EXPECT_EQ(reduced(ReductionKind::L1, 1), 25054);   // 50107 / 2 = 25053.5
  EXPECT_EQ(reduced(ReductionKind::Max, 1), 15000);
  EXPECT_EQ(reduced(ReductionKind::Min, 1), -10000);
  EXPECT_EQ(reduced(ReductionKind::SumSquare, 20000), 16250);  // 1300010049 / 4 / 20000 = 16250.13
  EXPECT_EQ(reduced(ReductionKind::L2, 1), 18028);             // sqrt(1300010049) / 2 = 18027.83
  EXPECT_EQ(reduced(ReductionKind::Sum, 0.1), 32767);          // 50535 is beyond the grid
}

TEST(Int16, ProductsByHand) {
  ProductProblem problem;
  problem.inner = 2;
  problem.pairs = {{}};
  const Quantisation a{0.001, 0, DType::Int16}, b{0.01, 0, DType::Int16}, out{0.001, 0, DType::Int16};
  const ProductPlan plan = plan_product(problem, 1, a, b, out, 31, Rounding::HalfEven);
  const std::int16_t left[] = {30000, -5}, right[] = {2, 10000};
  std::int16_t y = 0;
  product_tile_int16(plan, 1, 1, left, right, &y);
  EXPECT_EQ(y, 100);  // (60000 - 50000) 1e-5 / 1e-3
  EXPECT_EQ(ideal_product(problem, plan, 1, {30000, -5}, {2, 10000}), std::vector<std::int64_t>{100});
  // 64 products of 32767 and -32767 are -6.9e10, beyond 32 bits; of 1.0 each on a grid to 64.
  problem.inner = 64;
  const Quantisation one{1.0 / 32767, 0, DType::Int16}, to64{64.0 / 32767, 0, DType::Int16};
  const std::vector<std::int16_t> up(64, 32767), down(64, -32767);
  product_tile_int16(plan_product(problem, 1, one, one, to64, 31, Rounding::HalfEven), 1, 1, up.data(),
                     down.data(), &y);
  EXPECT_EQ(y, -32767);
  // 2^17 of them and more could leave 48 bits.
  problem.inner = std::int64_t{1} << 18;
  EXPECT_THROW(plan_product(problem, 1, one, one, to64, 31, Rounding::HalfEven), std::invalid_argument);
}

TEST(Int16, QuotientsChoicesAndSlopesByHand) {
  const Quantisation unit{1, 0, DType::Int16}, half{0.5, 0, DType::Int16}, hundredth{0.01, 0, DType::Int16};
  const auto of = [&](ElementwiseKind kind, std::int16_t a, std::int16_t b, const Quantisation& second) {
    const auto plan = plan_elementwise(kind, {unit, second}, unit, 30, Rounding::HalfEven);
    std::int16_t y = 0;
    elementwise_int16(plan, &a, &b, 1, &y);
    EXPECT_EQ(ideal_elementwise(plan, {{a}, {b}}), std::vector<std::int64_t>{y}) << to_string(kind);
    return y;
  };
  EXPECT_EQ(of(ElementwiseKind::Div, 20000, 3, unit), 6667);
  EXPECT_EQ(of(ElementwiseKind::Div, 20000, 0, unit), 32767);
  EXPECT_EQ(of(ElementwiseKind::Div, -1, 0, unit), -32768);
  EXPECT_EQ(of(ElementwiseKind::Div, 0, 0, unit), 0);
  EXPECT_EQ(of(ElementwiseKind::ReverseDiv, 3, 20000, unit), 6667);
  EXPECT_EQ(of(ElementwiseKind::Min, 100, 300, half), 100);
  EXPECT_EQ(of(ElementwiseKind::Max, 100, 300, half), 150);
  EXPECT_EQ(of(ElementwiseKind::PRelu, -1000, 250, hundredth), -2500);
  EXPECT_EQ(of(ElementwiseKind::PRelu, 1000, 250, hundredth), 1000);
}

// Numbers just above one, in steps of 2^-20: (2^20 + 5)(2^20 + 3) = 2^40 + 8 * 2^20 + 15, 8 steps above one.
TEST(Int16, ProductsWithZeroPointsFarOut) {
  for (const DType dtype : kTypes) {
    const Quantisation grid{std::ldexp(1.0, -20), -(1 << 20), dtype};
    const ElementwisePlan plan =
        plan_elementwise(ElementwiseKind::Mul, {grid, grid}, grid, 30, Rounding::HalfEven);
    EXPECT_TRUE(plan.beyond_64_bits);
    const std::int16_t a = 5, b = 3;
    std::int16_t y = 0;
    elementwise_int16(plan, &a, &b, 1, &y);
    EXPECT_EQ(y, 8) << to_string(dtype);
    EXPECT_EQ(ideal_elementwise(plan, {{a}, {b}}), std::vector<std::int64_t>{8});
  }
}

TEST(Int16, ResizesByHand) {
  Attributes attributes;
  attributes.strings["mode"] = "linear";
  const Resize resize = resolve_resize("Resize", attributes, {1, 2}, {Tensor({0}, {}), Tensor({2}, {1, 2})});
  const ResamplePlan plan = plan_resample(resize, {1, 0, DType::Int16}, Rounding::HalfEven);
  const std::int16_t x[] = {-30000, 30002};
  std::int16_t y[4];
  resample_codes(resample_tile(plan, 1, 0, 1), plan, x, y);
  // At -1/4, 1/4, 3/4 and 5/4: -30000 + 60002 / 4 = -14999.5, a tie; 15001.5, too.
  EXPECT_EQ((std::vector<int>{y[0], y[1], y[2], y[3]}), (std::vector<int>{-30000, -15000, 15002, 30002}));
}

// 1/3 in 31 bits is off by 2^-33 of itself: of 2^30 that is 1/8 of a step, in 39 bits 2^-11.
TEST(Int16, MultipliersHaveTheBitsThatCodesHave) {
  const Quantisation grid{1, 0, DType::Int16};
  const AffineEntry wide = make_affine_entry_onto(grid, 1.0 / 3, 0, 31, 0);
  const double multiplier = std::ldexp(wide.multiplier, 8) + wide.below;
  EXPECT_LE(std::abs(std::ldexp(multiplier, -wide.shift - 8) - 1.0 / 3), std::ldexp(1.0 / 3, -39));
  EXPECT_EQ(make_affine_entry_onto({1, 0, DType::Int8}, 1.0 / 3, 0, 31, 0).below, 0);
  // 3 k + 1 thirds of a step never tie: all sums become the nearest code.
  for (std::int64_t acc = -98301; acc < 98300; acc += 7)
    EXPECT_EQ(apply_affine_int16(acc, wide, Rounding::HalfEven, 0, -32768, 32767),
              std::llround(static_cast<double>(acc) / 3));
}

}  // namespace
}  // namespace bpusim
