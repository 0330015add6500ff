#include "kernels/vector/vector_int16.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/quantise/affine_int16.h"

namespace bpusim {

void elementwise_int16(const ElementwisePlan& plan, const std::int16_t* a, const std::int16_t* b,
                       std::int64_t count, std::int16_t* y, const Broadcast& broadcast) {
  const bool pair = operand_count(plan.kind) == 2;
  const std::int64_t za = plan.in[0].zero_point, zb = pair ? plan.in[1].zero_point : 0;
  const std::int64_t ma = plan.multipliers[0], mb = plan.multipliers.back();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t p = a[i] - za, q = pair ? b[broadcast.at(i)] - zb : 0;
    Int128 sum = 0;
    switch (plan.kind) {
      case ElementwiseKind::Copy:
        sum = Int128{ma} * p;
        break;
      case ElementwiseKind::Relu:
        sum = Int128{ma} * std::max<std::int64_t>(p, 0);
        break;
      case ElementwiseKind::Mul:
        sum = Int128{ma} * p * q;
        break;
      case ElementwiseKind::Add:
      case ElementwiseKind::Sub:
      case ElementwiseKind::ReverseSub:
        sum = Int128{ma} * p + Int128{mb} * q;
        break;
      case ElementwiseKind::Min:
        sum = std::min(Int128{ma} * p, Int128{mb} * q);
        break;
      case ElementwiseKind::Max:
        sum = std::max(Int128{ma} * p, Int128{mb} * q);
        break;
      case ElementwiseKind::PRelu:
        sum = p < 0 ? Int128{mb} * p * q : Int128{ma} * p;
        break;
      case ElementwiseKind::Div:
      case ElementwiseKind::ReverseDiv: {
        const bool reverse = plan.kind == ElementwiseKind::ReverseDiv;
        const Int128 code =
            quotient(Int128{ma} * (reverse ? q : p), Int128{reverse ? p : q} << plan.shift, plan.rounding);
        y[i] = static_cast<std::int16_t>(
            std::clamp<Int128>(code + plan.out.zero_point, plan.lowest, plan.highest));
        continue;
      }
    }
    const Int128 code = round_shift(sum, plan.shift, plan.rounding) + plan.out.zero_point;
    y[i] = static_cast<std::int16_t>(std::clamp<Int128>(code, plan.lowest, plan.highest));
  }
}

bool interpolates(const std::string& op) {
  constexpr std::array<const char*, 16> kJumps = {
      "Ceil",        "Floor",   "Round",          "Sign", "Not", "Mod", "Equal",           "Less",
      "LessOrEqual", "Greater", "GreaterOrEqual", "And",  "Or",  "Xor", "ThresholdedRelu", "Shrink"};
  return std::none_of(kJumps.begin(), kJumps.end(), [&](const char* jump) { return op == jump; });
}

void plan_lookup_int16(const RealFunction& function, LookupPlan& plan) {
  const auto value = [&](std::int64_t code) {
    const double y = function(dequantise(code, plan.in));
    return std::isnan(y) ? 0.0 : y;
  };
  plan.wide.clear();
  if (plan.in.dtype == DType::Int8) {
    for (std::int64_t code = -128; code < 128; ++code)
      plan.wide.push_back(static_cast<std::int32_t>(quantise(value(code), plan.out)));
    return;
  }
  constexpr double kMost = 1 << 22, kFraction = 1 << kSegmentFraction;
  for (std::int64_t k = 0; k <= kSegments; ++k) {
    const double steps = value(plan.in.lowest() + (k << kSegmentBits)) / plan.out.scale +
                         static_cast<double>(plan.out.zero_point);
    plan.wide.push_back(
        static_cast<std::int32_t>(std::nearbyint(std::clamp(steps, -kMost, kMost) * kFraction)));
  }
}

void lookup_int16(const LookupPlan& plan, const std::int16_t* x, std::int64_t count, std::int16_t* y) {
  if (plan.in.dtype == DType::Int8) {
    for (std::int64_t i = 0; i < count; ++i)
      y[i] = static_cast<std::int16_t>(plan.wide[static_cast<std::size_t>(x[i] + 128)]);
    return;
  }
  constexpr std::int64_t kWidth = 1 << kSegmentBits;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t above = x[i] - plan.in.lowest(), rest = above % kWidth;
    const auto k = static_cast<std::size_t>(above / kWidth);
    const std::int64_t sum =
        std::int64_t{plan.wide[k]} * (kWidth - rest) + std::int64_t{plan.wide[k + 1]} * rest;
    const std::int64_t code = round_shift64(sum, kSegmentBits + kSegmentFraction, Rounding::HalfEven);
    y[i] = static_cast<std::int16_t>(std::clamp(code, plan.out.lowest(), plan.out.highest()));
  }
}

namespace {

// What is in a pooling's window, and the mean's divisor.
struct Folded {
  std::int64_t largest = INT16_MIN, sum = 0, count = 0, divisor = 0;
};

template <class Code>
Folded fold(const PoolProblem& problem, const Code* plane, std::int64_t first_row, std::int64_t oy,
            std::int64_t ox) {
  const PoolWindow under = pool_window(problem, oy, ox);
  Folded folded;
  for (std::int64_t iy = under.rows.first; iy < under.rows.end; iy += under.rows.step)
    for (std::int64_t ix = under.columns.first; ix < under.columns.end; ix += under.columns.step) {
      const std::int64_t code = plane[(iy - first_row) * problem.window.iw + ix];
      folded.largest = std::max(folded.largest, code);
      folded.sum += code;
      ++folded.count;
    }
  folded.divisor = std::max<std::int64_t>(under.divisor, 1);
  return folded;
}

}  // namespace

void pool_tile_int16(const ConvTile& t, const PoolPlan& plan, const std::int16_t* input,
                     std::int16_t* output) {
  const ConvProblem& p = plan.problem.window;
  for (std::int64_t c = 0; c < t.out_channels; ++c)
    for (std::int64_t y = 0; y < t.out_rows; ++y)
      for (std::int64_t x = 0; x < p.ow; ++x) {
        const Folded f = fold(plan.problem, input + c * t.in_rows * p.iw, t.in_row, t.out_row + y, x);
        std::int64_t result = f.largest;
        if (plan.problem.kind == PoolKind::Average)
          result = apply_affine_int16(f.sum - f.count * plan.in.zero_point,
                                      plan.by_count[static_cast<std::size_t>(f.divisor - 1)], plan.rounding,
                                      plan.out.zero_point, plan.out.lowest(), plan.out.highest());
        *output++ = static_cast<std::int16_t>(result);
      }
}

std::vector<std::int64_t> ideal_pool_int16(const PoolPlan& plan, const std::vector<std::int64_t>& codes) {
  const ConvProblem& p = plan.problem.window;
  std::vector<std::int64_t> ideal;
  for (std::int64_t plane = 0; plane < p.n * p.ic; ++plane)
    for (std::int64_t y = 0; y < p.oh; ++y)
      for (std::int64_t x = 0; x < p.ow; ++x) {
        const Folded f = fold(plan.problem, codes.data() + plane * p.ih * p.iw, 0, y, x);
        if (plan.problem.kind == PoolKind::Max) {
          ideal.push_back(f.largest);
          continue;
        }
        const long double mean = static_cast<long double>(plan.in.scale) *
                                 static_cast<long double>(f.sum - f.count * plan.in.zero_point) /
                                 static_cast<long double>(f.divisor);
        const long double code = mean / plan.out.scale + static_cast<long double>(plan.out.zero_point);
        ideal.push_back(static_cast<std::int64_t>(
            std::nearbyint(std::clamp<long double>(code, plan.out.lowest(), plan.out.highest()))));
      }
  return ideal;
}

void softmax_int16(const SoftmaxPlan& plan, const std::int16_t* x, std::int64_t rows,
                   const SoftmaxRowShape& shape, std::int16_t* y) {
  const auto exponential = [&](std::int64_t distance) {
    const auto coarse = static_cast<std::size_t>(distance / 256),
               fine = static_cast<std::size_t>(distance % 256);
    if (coarse == 0) return std::int64_t{plan.exponential[fine]};
    return round_shift64(std::int64_t{plan.coarse[coarse]} * plan.exponential[fine], 30, Rounding::HalfEven);
  };
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t first = shape.first_of(r), end = first + shape.elements * shape.stride;
    std::int64_t largest = x[first], sum = 0;
    for (std::int64_t i = first; i < end; i += shape.stride) largest = std::max<std::int64_t>(largest, x[i]);
    for (std::int64_t i = first; i < end; i += shape.stride) sum += exponential(largest - x[i]);
    const std::int64_t log_sum = plan.logarithm ? log_of_sum(sum) : 0;
    for (std::int64_t i = first; i < end; i += shape.stride) {
      const std::int64_t distance = largest - x[i];
      const Int128 code = plan.logarithm ? logarithm_code(plan, distance, log_sum)
                                         : round_div(Int128{exponential(distance)} * plan.reciprocal_q20,
                                                     Int128{sum} << 20, Rounding::HalfEven);
      y[i] = static_cast<std::int16_t>(
          std::clamp<Int128>(code + plan.out.zero_point, plan.out.lowest(), plan.out.highest()));
    }
  }
}

}  // namespace bpusim
