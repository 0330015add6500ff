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
        const Int128 code = quotient(Int128{ma} * (reverse ? q : p),
                                     (reverse ? p : q) * (Int128{1} << plan.shift), plan.rounding);
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

std::int64_t int16_table_bytes(int segment_bits) {
  constexpr std::int64_t kCodes = 1 << 16;
  return segment_bits == 0 ? kCodes * std::int64_t{sizeof(std::int16_t)}
                           : ((kCodes >> segment_bits) + 1) * std::int64_t{sizeof(std::int32_t)};
}

namespace {

template <class Entry>
std::vector<std::uint8_t> bytes_of(const std::vector<Entry>& entries) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(entries.data());
  return {first, first + entries.size() * sizeof(Entry)};
}

}  // namespace

std::vector<std::uint8_t> int16_table(const RealFunction& function, const LookupPlan& plan) {
  std::vector<double> values;
  const std::int64_t width = std::int64_t{1} << plan.segment_bits;
  const std::int64_t end = plan.in.lowest() + (1 << 16) + (width == 1 ? 0 : 1);
  for (std::int64_t code = plan.in.lowest(); code < end; code += width)
    values.push_back(dequantise(code, plan.in));
  function.apply(values.data(), static_cast<std::int64_t>(values.size()));
  for (double& value : values)
    if (std::isnan(value)) value = 0;
  if (width == 1) {
    const auto codes = quantise(values, plan.out);
    return bytes_of(std::vector<std::int16_t>(codes.begin(), codes.end()));
  }
  std::vector<std::int32_t> ends;
  constexpr double kMost = 1 << 22, kFraction = 1 << kSegmentFraction;
  for (const double value : values) {
    const double steps = value / plan.out.scale + static_cast<double>(plan.out.zero_point);
    ends.push_back(static_cast<std::int32_t>(std::nearbyint(std::clamp(steps, -kMost, kMost) * kFraction)));
  }
  return bytes_of(ends);
}

void lookup_int16(const LookupPlan& plan, const void* table, const std::int16_t* x, std::int64_t count,
                  std::int16_t* y) {
  if (plan.in.dtype == DType::Int8) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = plan.table[static_cast<std::size_t>(x[i] + 128)];
    return;
  }
  const auto above = [&](std::int64_t i) { return x[i] - plan.in.lowest(); };
  if (plan.segment_bits == 0) {
    const auto* codes = static_cast<const std::int16_t*>(table);
    for (std::int64_t i = 0; i < count; ++i) y[i] = codes[above(i)];
    return;
  }
  const auto* ends = static_cast<const std::int32_t*>(table);
  const std::int64_t width = std::int64_t{1} << plan.segment_bits;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t k = above(i) / width, rest = above(i) % width;
    const std::int64_t sum = std::int64_t{ends[k]} * (width - rest) + std::int64_t{ends[k + 1]} * rest;
    const std::int64_t code = round_shift64(sum, plan.segment_bits + kSegmentFraction, Rounding::HalfEven);
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

}  // namespace bpusim
