#include "kernels/quantise/value_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantise/value_rows.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef BPUSIM_VALUE_ROWS_ONCE
#define BPUSIM_VALUE_ROWS_ONCE
namespace bpusim {
namespace value_rows_detail {

constexpr std::int64_t kLanes = 8;  // sums that run side by side, on every machine: their order decides bits

struct ErrorLanes {
  double signal[kLanes] = {}, power[kLanes] = {}, dot[kLanes] = {}, noise[kLanes] = {}, errors[kLanes] = {},
         largest[kLanes] = {};
};

}  // namespace value_rows_detail
}  // namespace bpusim
#endif

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using value_rows_detail::ErrorLanes;
using value_rows_detail::kLanes;

using D = hn::CappedTag<double, kLanes>;
using D64 = hn::Rebind<std::int64_t, D>;
using D32 = hn::Rebind<std::int32_t, D>;
using V = hn::Vec<D>;

// Whole vectors only; returns how many values were taken.
std::int64_t finite_range(const double* values, std::int64_t count, double* lows, double* highs, bool* nan) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  V low = infinity, high = hn::Neg(infinity);
  auto numbers = hn::Eq(infinity, infinity);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V v = hn::LoadU(d, values + i);
    const auto finite = hn::Lt(hn::Abs(v), infinity);
    numbers = hn::And(numbers, hn::Eq(v, v));
    low = hn::Min(low, hn::IfThenElse(finite, v, low));
    high = hn::Max(high, hn::IfThenElse(finite, v, high));
  }
  hn::StoreU(low, d, lows);
  hn::StoreU(high, d, highs);
  *nan = !hn::AllTrue(d, numbers);
  return i;
}

// The bin of each magnitude; whole vectors only.
std::int64_t bins_of(const double* values, std::int64_t count, double bins_a_unit, double last,
                     std::int32_t* bins) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V scale = hn::Set(d, bins_a_unit), most = hn::Set(d, last);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V bin = hn::Mul(hn::Abs(hn::LoadU(d, values + i)), scale);
    const V within = hn::IfThenElse(hn::Lt(bin, most), bin, most);  // also for NaN
    hn::StoreU(hn::DemoteTo(D32(), within), D32(), bins + i);
  }
  return i;
}

// Rows of kLanes only; returns how many values were taken.
std::int64_t add_errors(const double* values, const std::int64_t* codes, std::int64_t count, double scale,
                        std::int64_t zero_point, ErrorLanes& sums) {
  const D d;
  const D64 d64;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t whole = count / kLanes * kLanes;
  const V step = hn::Set(d, scale);
  const auto zero = hn::Set(d64, zero_point);
  for (std::int64_t lane = 0; lane < kLanes; lane += lanes) {
    V signal = hn::LoadU(d, sums.signal + lane), power = hn::LoadU(d, sums.power + lane),
      dot = hn::LoadU(d, sums.dot + lane), noise = hn::LoadU(d, sums.noise + lane),
      errors = hn::LoadU(d, sums.errors + lane), largest = hn::LoadU(d, sums.largest + lane);
    for (std::int64_t i = lane; i < whole; i += kLanes) {
      const V v = hn::LoadU(d, values + i);
      const V y = hn::Mul(step, hn::ConvertTo(d, hn::Sub(hn::LoadU(d64, codes + i), zero)));
      const V error = hn::Sub(y, v), size = hn::Abs(error);
      signal = hn::Add(signal, hn::Mul(v, v));
      power = hn::Add(power, hn::Mul(y, y));
      dot = hn::Add(dot, hn::Mul(v, y));
      noise = hn::Add(noise, hn::Mul(error, error));
      errors = hn::Add(errors, size);
      largest = hn::Max(largest, size);
    }
    hn::StoreU(signal, d, sums.signal + lane);
    hn::StoreU(power, d, sums.power + lane);
    hn::StoreU(dot, d, sums.dot + lane);
    hn::StoreU(noise, d, sums.noise + lane);
    hn::StoreU(errors, d, sums.errors + lane);
    hn::StoreU(largest, d, sums.largest + lane);
  }
  return whole;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(finite_range);
HWY_EXPORT(bins_of);
HWY_EXPORT(add_errors);

namespace {

using value_rows_detail::ErrorLanes;
using value_rows_detail::kLanes;

constexpr std::int64_t kChunk = 1 << 15;  // values that a thread takes at a time

// What `part` gives for each chunk, in order.
template <class Result, class Part>
std::vector<Result> by_chunk(std::int64_t count, const Part& part) {
  const std::int64_t chunks = (count + kChunk - 1) / kChunk;
  std::vector<Result> results(static_cast<std::size_t>(chunks));
  parallel_for(chunks, count, [&](std::int64_t c) {
    results[static_cast<std::size_t>(c)] = part(c * kChunk, std::min(kChunk, count - c * kChunk));
  });
  return results;
}

void include(double v, ValueRange& range) {
  if (std::isnan(v)) range.any_nan = true;
  if (!std::isfinite(v)) return;
  range.lowest = range.any_finite ? std::min(range.lowest, v) : v;
  range.highest = range.any_finite ? std::max(range.highest, v) : v;
  range.any_finite = true;
}

ValueRange range_of_chunk(const double* values, std::int64_t count) {
  double lows[kLanes], highs[kLanes];
  std::fill_n(lows, kLanes, std::numeric_limits<double>::infinity());
  std::fill_n(highs, kLanes, -std::numeric_limits<double>::infinity());
  ValueRange range;
  const std::int64_t done = HWY_DYNAMIC_DISPATCH(finite_range)(values, count, lows, highs, &range.any_nan);
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    include(lows[lane], range);
    include(highs[lane], range);
  }
  for (std::int64_t i = done; i < count; ++i) include(values[i], range);
  return range;
}

std::vector<std::int32_t> bins_of_chunk(const double* values, std::int64_t count, double width,
                                        std::size_t bins) {
  const double bins_a_unit = 1 / width, last = static_cast<double>(bins) - 1;
  constexpr std::int64_t kRow = 512;
  std::int32_t at[kRow];
  std::vector<std::int32_t> counts(bins);
  for (std::int64_t first = 0; first < count; first += kRow) {
    const std::int64_t n = std::min(kRow, count - first);
    const std::int64_t done = HWY_DYNAMIC_DISPATCH(bins_of)(values + first, n, bins_a_unit, last, at);
    for (std::int64_t i = done; i < n; ++i) {
      const double bin = std::abs(values[first + i]) * bins_a_unit;
      at[i] = static_cast<std::int32_t>(bin < last ? bin : last);
    }
    for (std::int64_t i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(at[i])];
  }
  return counts;
}

ErrorSums errors_of_chunk(const double* values, const std::int64_t* codes, std::int64_t count,
                          const Quantisation& grid) {
  ErrorLanes lanes;
  const std::int64_t done =
      HWY_DYNAMIC_DISPATCH(add_errors)(values, codes, count, grid.scale, grid.zero_point, lanes);
  ErrorSums sums;
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    sums.signal += lanes.signal[lane];
    sums.power += lanes.power[lane];
    sums.dot += lanes.dot[lane];
    sums.noise += lanes.noise[lane];
    sums.errors += lanes.errors[lane];
    sums.largest = std::max(sums.largest, lanes.largest[lane]);
  }
  for (std::int64_t i = done; i < count; ++i) {
    const double y = dequantise(codes[i], grid), error = y - values[i];
    sums.signal += values[i] * values[i];
    sums.power += y * y;
    sums.dot += values[i] * y;
    sums.noise += error * error;
    sums.errors += std::abs(error);
    sums.largest = std::max(sums.largest, std::abs(error));
  }
  return sums;
}

}  // namespace

ValueRange value_range(const double* values, std::int64_t count) {
  ValueRange range;
  for (const ValueRange& part : by_chunk<ValueRange>(
           count, [&](std::int64_t first, std::int64_t n) { return range_of_chunk(values + first, n); })) {
    range.any_nan = range.any_nan || part.any_nan;
    if (!part.any_finite) continue;
    include(part.lowest, range);
    include(part.highest, range);
  }
  return range;
}

void count_magnitudes(const double* values, std::int64_t count, double width, std::vector<double>& bins) {
  for (const auto& part : by_chunk<std::vector<std::int32_t>>(count, [&](std::int64_t first, std::int64_t n) {
         return bins_of_chunk(values + first, n, width, bins.size());
       }))
    for (std::size_t b = 0; b < bins.size(); ++b) bins[b] += part[b];
}

ErrorSums error_sums(const double* values, const std::int64_t* codes, std::int64_t count,
                     const Quantisation& grid) {
  ErrorSums sums;
  for (const ErrorSums& part : by_chunk<ErrorSums>(count, [&](std::int64_t first, std::int64_t n) {
         return errors_of_chunk(values + first, codes + first, n, grid);
       })) {
    sums.signal += part.signal;
    sums.power += part.power;
    sums.dot += part.dot;
    sums.noise += part.noise;
    sums.errors += part.errors;
    sums.largest = std::max(sums.largest, part.largest);
  }
  return sums;
}

}  // namespace bpusim
#endif
