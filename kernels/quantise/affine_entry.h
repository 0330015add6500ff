// One affine map onto an output grid, as it lies in the simulated SRAM: 16 bytes, an entry for each channel
// or element. Norms apply it to normalised values, convolutions to their accumulators, BatchNormalization to
// the codes themselves.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/quantise/fixed_point.h"
#include "kernels/units.h"

namespace bpusim {

/// Real meaning: y = zero_point + (acc * multiplier + bias) / 2^shift, rounded once and clamped.
struct AffineEntry {
  std::int64_t bias = 0;
  std::int32_t multiplier = 0;
  std::int16_t shift = 0;
  std::int16_t below = 0;  ///< onto int16 grids: 2^-8 of the multiplier's last bit (affine_int16.h)
};
static_assert(sizeof(AffineEntry) == kRecordBytes, "programs count its bytes");

/// The entry for y = gain * acc * 2^-fraction_bits + offset, gain and offset in steps of the output grid.
/// The multiplier has `multiplier_bits` (4 to 31) magnitude bits, fewer where a large offset would not leave
/// the bias within 2^62: such an offset swamps the bits that are given up. Together with |acc| < 2^31 the sum
/// fits 64 bits. Throws std::invalid_argument for gains that no multiplier reaches, and for NaN or infinity.
AffineEntry make_affine_entry(double gain, double offset, int multiplier_bits, int fraction_bits);

/// round(x / 2^shift) in 64 bits, 0 <= shift <= 62; the same values as round_shift().
inline std::int64_t round_shift64(std::int64_t x, int shift, Rounding rounding) {
  if (shift == 0) return x;
  const std::int64_t floor = x >> shift;
  const std::int64_t rest = x & ((std::int64_t{1} << shift) - 1);
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  switch (rounding) {
    case Rounding::HalfEven:
      return floor + ((rest > half) | ((rest == half) & (floor & 1)));
    case Rounding::HalfUp:
      return floor + (rest >= half);
    case Rounding::Truncate:
      return floor;
  }
  return floor;
}

/// The entry applied to |acc| < 2^31: one rounding, then the zero point, then the clamp to [lowest, highest].
inline std::int64_t apply_affine(std::int64_t acc, const AffineEntry& entry, Rounding rounding,
                                 std::int64_t zero_point, std::int64_t lowest, std::int64_t highest) {
  const std::int64_t y =
      round_shift64(acc * entry.multiplier + entry.bias, entry.shift, rounding) + zero_point;
  return std::clamp(y, lowest, highest);
}

}  // namespace bpusim
