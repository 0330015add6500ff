// Convolutions with few outputs a group, depthwise ones above all, tap by tap: a matrix product would spend
// its time on packing.
#pragma once

#include <cstdint>

namespace bpusim {

/// Elements by which add_taps() may read beyond its inputs and write beyond its outputs.
constexpr std::int64_t kTapSlack = 64;

/// The taps of one output channel over one output row.
template <class T>
struct TapSums {
  const T* weights;
  const T* inputs;  ///< tap t multiplies weights[t] with what lies from inputs + offsets[t] on
  const std::int64_t* offsets;
  std::int64_t taps;
};

/// out[i] += sum over t of weights[t] * inputs[offsets[t] + i] for 0 <= i < n, t ascending, each product by
/// one fused multiply-add as in gemm(). Up to kTapSlack further elements of `out` are overwritten with
/// anything.
void add_taps(const TapSums<double>& taps, std::int64_t n, double* out);

/// The same in int32, which wraps where the sum does not fit.
void add_taps(const TapSums<std::int32_t>& taps, std::int64_t n, std::int32_t* out);

}  // namespace bpusim
