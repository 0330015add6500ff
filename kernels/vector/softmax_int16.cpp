#include "kernels/vector/softmax_int16.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bpusim {

namespace {

constexpr int kExponentialBits = 42, kReciprocalBits = 46, kLogBits = 48, kRatioBits = 44;
constexpr int kSegmentBits = 8, kSegments = 1 << kSegmentBits;

// Of the segment's start 1 + i / kSegments: its logarithm and its reciprocal, in kLogBits fraction bits.
struct LogSegment {
  std::int64_t logarithm = 0, reciprocal = 0;
};

const std::array<LogSegment, kSegments>& log_segments() {
  static const auto segments = [] {
    std::array<LogSegment, kSegments> all;
    for (int i = 0; i < kSegments; ++i) {
      const long double start = 1 + static_cast<long double>(i) / kSegments;
      all[static_cast<std::size_t>(i)] = {std::llround(std::ldexp(std::log(start), kLogBits)),
                                          std::llround(std::ldexp(1 / start, kLogBits))};
    }
    return all;
  }();
  return segments;
}

// a * b with kLogBits fraction bits each.
Int128 log_product(Int128 a, Int128 b) {
  return a * b >> kLogBits;
}

std::int64_t exponential_of(double real) {
  return std::llround(std::ldexp(std::exp(static_cast<long double>(real)), kExponentialBits));
}

std::int64_t exponential(const WideSoftmax& wide, std::int64_t distance) {
  const std::int64_t coarse = wide.coarse[static_cast<std::size_t>(distance / 256)],
                     fine = wide.fine[static_cast<std::size_t>(distance % 256)];
  return static_cast<std::int64_t>(round_shift(Int128{coarse} * fine, kExponentialBits, Rounding::HalfEven));
}

// e / sum in steps of the output grid.
Int128 quotient_code(const WideSoftmax& wide, std::int64_t e, Int128 sum) {
  const Int128 numerator = Int128{e} * wide.reciprocal;
  const int shift = kReciprocalBits - wide.reciprocal_exponent;
  if (shift < 0) return round_div(numerator << std::min(-shift, 30), sum, Rounding::HalfEven);
  return round_div(numerator, sum << std::min(shift, 50), Rounding::HalfEven);  // sums to 2^75 fit
}

// -(distance * scale + log_sum) in steps of the output grid.
Int128 log_code(const WideSoftmax& wide, std::int64_t distance, std::int64_t log_sum) {
  const int shift = kLogBits + kReciprocalBits - wide.reciprocal_exponent - kRatioBits;
  const Int128 product = Int128{log_sum} * wide.reciprocal;
  const Int128 logarithm = shift < 0 ? product << std::min(-shift, 20)
                                     : round_shift(product, std::min(shift, 120), Rounding::HalfEven);
  return round_shift(-(distance * wide.ratio + logarithm), kRatioBits, Rounding::HalfEven);
}

}  // namespace

void plan_softmax_int16(SoftmaxPlan& plan) {
  WideSoftmax& wide = plan.wide;
  for (int d = 0; d < 256; ++d) wide.fine.push_back(exponential_of(-plan.in.scale * d));
  const int coarse = plan.in.dtype == DType::Int16 ? 256 : 1;
  for (int k = 0; k < coarse; ++k) wide.coarse.push_back(exponential_of(-plan.in.scale * 256 * k));
  const double fraction = std::frexp(1 / plan.out.scale, &wide.reciprocal_exponent);
  wide.reciprocal = std::llround(std::ldexp(fraction, kReciprocalBits));
  const double ratio =
      std::min(plan.in.scale / plan.out.scale, 0x1p40);  // beyond, all but the largest saturate
  wide.ratio = static_cast<Int128>(std::nearbyint(std::ldexp(ratio, kRatioBits)));
}

std::int64_t log_of_wide_sum(Int128 sum) {
  int exponent = 0;
  while ((sum >> (exponent + 1)) >= Int128{1} << kExponentialBits) ++exponent;
  const int up = kLogBits - kExponentialBits - exponent;
  const Int128 rest = (up >= 0 ? sum << up : sum >> -up) - (Int128{1} << kLogBits);
  const auto segment = static_cast<std::size_t>(rest >> (kLogBits - kSegmentBits));
  const Int128 within = rest & ((Int128{1} << (kLogBits - kSegmentBits)) - 1);
  const LogSegment& from = log_segments()[segment];
  const Int128 t = log_product(within, from.reciprocal), square = log_product(t, t);
  const Int128 series = t - square / 2 + log_product(square, t) / 3;
  static const std::int64_t kLn2 = std::llround(std::ldexp(std::log(2.0L), kLogBits));
  return exponent * kLn2 + from.logarithm + static_cast<std::int64_t>(series);
}

void softmax_int16(const SoftmaxPlan& plan, const std::int16_t* x, std::int64_t rows,
                   const SoftmaxRowShape& shape, std::int16_t* y) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t first = shape.first_of(r), end = first + shape.elements * shape.stride;
    std::int64_t largest = x[first];
    for (std::int64_t i = first; i < end; i += shape.stride) largest = std::max<std::int64_t>(largest, x[i]);
    Int128 sum = 0;
    for (std::int64_t i = first; i < end; i += shape.stride) sum += exponential(plan.wide, largest - x[i]);
    const std::int64_t log_sum = plan.logarithm ? log_of_wide_sum(sum) : 0;
    for (std::int64_t i = first; i < end; i += shape.stride) {
      const std::int64_t distance = largest - x[i];
      const Int128 code = plan.logarithm ? log_code(plan.wide, distance, log_sum)
                                         : quotient_code(plan.wide, exponential(plan.wide, distance), sum);
      y[i] = static_cast<std::int16_t>(
          std::clamp<Int128>(code + plan.out.zero_point, plan.out.lowest(), plan.out.highest()));
    }
  }
}

}  // namespace bpusim
