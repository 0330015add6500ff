#include "kernels/vector/softmax.h"

#include <algorithm>
#include <cmath>

#include "kernels/quantise/fixed_point.h"
#include "kernels/vector/softmax_int16.h"

namespace bpusim {

namespace {

constexpr int kExponentialBits = 30;
constexpr int kLogSegments = 256;

// ln(1 + i / kLogSegments) in 40 fraction bits.
const std::array<std::int64_t, kLogSegments + 1>& log_table() {
  static const auto table = [] {
    std::array<std::int64_t, kLogSegments + 1> t{};
    for (std::size_t i = 0; i < t.size(); ++i)
      t[i] = std::llround(std::ldexp(std::log1p(static_cast<double>(i) / kLogSegments), 40));
    return t;
  }();
  return table;
}

// ln(sum / 2^30) in 40 fraction bits, of a sum of at least 2^30: a table of 256 segments, straight in
// between.
std::int64_t log_of_sum(std::int64_t sum) {
  int exponent = 0;
  while ((sum >> (exponent + 1)) >= std::int64_t{1} << kExponentialBits) ++exponent;
  // The mantissa in [0, 1) behind the leading one, in 40 bits: 8 choose the segment, 32 lie within it.
  const Int128 rest = (Int128{sum} << 40 >> (kExponentialBits + exponent)) - (Int128{1} << 40);
  const auto segment = static_cast<std::size_t>(rest >> 32);
  const Int128 within = rest & ((Int128{1} << 32) - 1);
  const auto& table = log_table();
  static const std::int64_t kLn2 = std::llround(std::ldexp(std::log(2.0), 40));
  const Int128 step = within * (table[segment + 1] - table[segment]) >> 32;
  return exponent * kLn2 + table[segment] + static_cast<std::int64_t>(step);
}

// LogSoftmax of an element so far below its row's largest, in steps of the output grid.
Int128 logarithm_code(const SoftmaxPlan& plan, std::int64_t distance, std::int64_t log_sum) {
  const Int128 real = -Int128{distance} * plan.scale_q40 - log_sum;
  return round_shift(real * plan.reciprocal_q20, 60, Rounding::HalfEven);
}

std::int8_t code_of(const SoftmaxPlan& plan, int distance, std::int64_t sum, std::int64_t log_sum) {
  Int128 code = 0;
  if (plan.logarithm) {
    code = logarithm_code(plan, distance, log_sum);
  } else {
    const Int128 numerator =
        Int128{plan.exponential[static_cast<std::size_t>(distance)]} * plan.reciprocal_q20;
    code = round_div(numerator, Int128{sum} << 20, Rounding::HalfEven);
  }
  return static_cast<std::int8_t>(std::clamp<Int128>(code + plan.out.zero_point, -128, 127));
}

// Results by the distance to the row's largest code, each made when it is first asked for: a row has more
// elements than int8 has distances. Larger distances are made anew.
template <class Result>
class ByDistance {
 public:
  template <class Make>
  Result at(std::int64_t distance, const Make& make) {
    const auto d = static_cast<std::size_t>(distance);
    if (d >= kDistances) return make(static_cast<int>(distance));
    if (made_[d] == 0) {
      results_[d] = make(static_cast<int>(distance));
      made_[d] = 1;
    }
    return results_[d];
  }

 private:
  static constexpr std::size_t kDistances = 256;
  std::array<Result, kDistances> results_;
  std::array<char, kDistances> made_{};
};

}  // namespace

SoftmaxPlan plan_softmax(const Quantisation& in, const Quantisation& out, bool logarithm) {
  SoftmaxPlan plan{in, out, {}, std::llround(std::ldexp(1 / out.scale, 20)), logarithm, 0, {}};
  if (takes_int16(plan)) {
    plan_softmax_int16(plan);
    return plan;
  }
  for (std::size_t d = 0; d < plan.exponential.size(); ++d)
    plan.exponential[d] = static_cast<std::uint32_t>(
        std::llround(std::ldexp(std::exp(-in.scale * static_cast<double>(d)), kExponentialBits)));
  if (logarithm) plan.scale_q40 = std::llround(std::ldexp(in.scale, 40));
  return plan;
}

void softmax_int8(const SoftmaxPlan& plan, const std::int8_t* x, std::int64_t rows,
                  const SoftmaxRowShape& shape, std::int8_t* y) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t first = shape.first_of(r), end = first + shape.elements * shape.stride;
    int largest = -128;
    for (std::int64_t i = first; i < end; i += shape.stride) largest = std::max<int>(largest, x[i]);
    std::int64_t sum = 0;
    for (std::int64_t i = first; i < end; i += shape.stride)
      sum += plan.exponential[static_cast<std::size_t>(largest - x[i])];
    const std::int64_t log_sum = plan.logarithm ? log_of_sum(sum) : 0;
    ByDistance<std::int8_t> codes;
    for (std::int64_t i = first; i < end; i += shape.stride)
      y[i] = codes.at(largest - x[i], [&](int distance) { return code_of(plan, distance, sum, log_sum); });
  }
}

std::vector<std::int64_t> ideal_softmax(const SoftmaxPlan& plan, const std::vector<std::int64_t>& codes,
                                        const SoftmaxRowShape& shape) {
  const auto real = [&](std::int64_t distance) {
    return -static_cast<long double>(plan.in.scale) * static_cast<long double>(distance);
  };
  ByDistance<long double> exponentials;
  const auto exponential = [&](std::int64_t distance) {
    return exponentials.at(distance, [&](std::int64_t d) { return std::exp(real(d)); });
  };
  std::vector<std::int64_t> ideal(codes.size());
  const auto rows = static_cast<std::int64_t>(codes.size()) / shape.elements;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t first = shape.first_of(r), end = first + shape.elements * shape.stride;
    const auto x = [&](std::int64_t i) { return codes[static_cast<std::size_t>(i)]; };
    std::int64_t largest = x(first);
    for (std::int64_t i = first; i < end; i += shape.stride) largest = std::max(largest, x(i));
    long double sum = 0;
    for (std::int64_t i = first; i < end; i += shape.stride) sum += exponential(largest - x(i));
    const long double log_sum = std::log(sum);
    const auto code = [&](std::int64_t distance) {
      const long double value = plan.logarithm ? real(distance) - log_sum : exponential(distance) / sum;
      const long double steps = value / plan.out.scale + static_cast<long double>(plan.out.zero_point);
      return static_cast<std::int64_t>(
          std::nearbyint(std::clamp<long double>(steps, plan.out.lowest(), plan.out.highest())));
    };
    ByDistance<std::int64_t> results;
    for (std::int64_t i = first; i < end; i += shape.stride)
      ideal[static_cast<std::size_t>(i)] = results.at(largest - x(i), code);
  }
  return ideal;
}

}  // namespace bpusim
