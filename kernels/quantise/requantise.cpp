#include "kernels/quantise/requantise.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantise/requantise.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/quantise/round_shift-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::ScalableTag<std::int32_t>;

#if HWY_TARGET == HWY_SCALAR
void requantise_row(const std::int32_t* sums, std::int64_t count, const AffineEntry& entry, Rounding rounding,
                    const CodeRange& range, std::int8_t* out) {
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = static_cast<std::int8_t>(
        apply_affine(sums[i], entry, rounding, range.zero_point, range.lowest, range.highest));
}
#else
void requantise_row(const std::int32_t* sums, std::int64_t count, const AffineEntry& entry, Rounding rounding,
                    const CodeRange& range, std::int8_t* out) {
  const D32 d32;
  const D64 d64;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d32));
  const Onto onto(entry.shift, rounding, range);
  const auto multiplier = hn::Set(d32, entry.multiplier);
  const V64 bias = hn::Set(d64, entry.bias);
  const auto code = [&](hn::Vec<D32> even_lanes) {
    return onto.code(hn::Add(hn::MulEven(even_lanes, multiplier), bias));
  };
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d32, sums + i);
    store_codes(code(v), code(odd_lanes(v)), out + i);
  }
  for (; i < count; ++i)
    out[i] = static_cast<std::int8_t>(
        apply_affine(sums[i], entry, rounding, range.zero_point, range.lowest, range.highest));
}

#endif

// Codes of whole vectors of sums, and where a sum is too near to a tie, its place in `doubtful`.
// Returns how many sums were taken.
std::int64_t exact_row(const std::int32_t* sums, std::int64_t count, const ExactAffine::Fast& fast,
                       std::int8_t* out, std::int64_t* doubtful, std::int64_t* doubts) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::int32_t, hn::ScalableTag<double>> d32;
  const hn::Rebind<std::int8_t, hn::ScalableTag<double>> d8;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  static_assert(hn::MaxLanes(hn::ScalableTag<double>()) <= 8, "apply() recomputes eight sums");
  const auto slope = hn::Set(d, fast.slope), start = hn::Set(d, fast.start);
  const auto lowest = hn::Set(d, fast.lowest), highest = hn::Set(d, fast.highest);
  const auto sure = hn::Set(d, 0.5 - fast.doubt);
  std::int64_t i = 0, found = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto real = hn::MulAdd(hn::PromoteTo(d, hn::LoadU(d32, sums + i)), slope, start);
    const auto near = hn::Round(hn::Min(hn::Max(real, lowest), highest));
    // Beyond an end of the range the distance is no doubt, but then it is more than 1/2 from it.
    const auto distance = hn::Abs(hn::Sub(real, near));
    const auto doubt = hn::And(hn::Gt(distance, sure), hn::Lt(distance, hn::Set(d, 0.5 + fast.doubt)));
    if (!hn::AllFalse(d, doubt)) doubtful[found++] = i;
    hn::StoreU(hn::DemoteTo(d8, hn::DemoteTo(d32, near)), d8, out + i);
  }
  *doubts = found;
  return i;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(requantise_row);
HWY_EXPORT(exact_row);

void requantise(const std::int32_t* sums, std::int64_t count, const AffineEntry& entry, Rounding rounding,
                const CodeRange& range, std::int8_t* out) {
  HWY_DYNAMIC_DISPATCH(requantise_row)(sums, count, entry, rounding, range, out);
}

// Where |sum * slope| <= 256 + T, T = |offset / scale| + |zero point|, the double that apply() rounds is off
// by no more than 2^-53 (3 |sum * slope| + 2 T) from the real result (slope and start are rounded once each,
// the product and the sum at most once each), and long double by no more than that. 2^-50 (256 + 2 T) is more
// than both together. Where |sum * slope| is larger the result lies so far beyond [-128, 127] that no error
// brings it back, as long as the doubt itself is small: with a doubt of 1/4 or more everything is computed in
// long double.
ExactAffine::ExactAffine(long double gain, long double offset, double scale, const CodeRange& range)
    : gain_(gain), offset_(offset), scale_(scale), range_(range) {
  const long double start = offset / scale + static_cast<long double>(range.zero_point);
  const double size =
      static_cast<double>(std::abs(offset / scale)) + std::abs(static_cast<double>(range.zero_point));
  fast_ = {static_cast<double>(gain / scale), static_cast<double>(start), std::ldexp(256 + 2 * size, -50),
           static_cast<double>(range.lowest), static_cast<double>(range.highest)};
}

std::int64_t ExactAffine::operator()(std::int32_t sum) const {
  const long double real = static_cast<long double>(sum) * gain_ + offset_;
  const long double code = std::nearbyint(real / scale_ + static_cast<long double>(range_.zero_point));
  return static_cast<std::int64_t>(
      std::clamp(code, static_cast<long double>(range_.lowest), static_cast<long double>(range_.highest)));
}

void ExactAffine::apply(const std::int32_t* sums, std::int64_t count, std::int8_t* out) const {
  constexpr std::int64_t kChunk = 256, kWidest = 8;  // of exact_row's vectors; computing too many is no error
  std::int64_t doubtful[kChunk];
  for (std::int64_t first = 0; first < count; first += kChunk) {
    const std::int64_t n = std::min(kChunk, count - first);
    std::int64_t doubts = 0, done = 0;
    if (fast_.doubt < 0.25)
      done = HWY_DYNAMIC_DISPATCH(exact_row)(sums + first, n, fast_, out + first, doubtful, &doubts);
    const auto slow = [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = first + from; i < first + to; ++i)
        out[i] = static_cast<std::int8_t>((*this)(sums[i]));
    };
    for (std::int64_t k = 0; k < doubts; ++k) slow(doubtful[k], std::min(done, doubtful[k] + kWidest));
    slow(done, n);
  }
}

}  // namespace bpusim
#endif
