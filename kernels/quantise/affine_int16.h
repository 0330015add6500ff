// The affine entry on sums that int16 codes make, and onto int16 grids.
#pragma once

#include <cmath>

#include "kernels/quantise/affine_entry.h"
#include "kernels/quantise/quantise.h"

namespace bpusim {

/// Bits that a multiplier has more where results are int16: as many as a code has more, so that it rounds as
/// few codes the other way as that of an int8 result.
constexpr int kInt16MultiplierBits = 8;

/// make_affine_entry, with the further bits where the grid is int16.
inline AffineEntry make_affine_entry_onto(const Quantisation& out, double gain, double offset,
                                          int multiplier_bits, int fraction_bits) {
  AffineEntry entry = make_affine_entry(gain, offset, multiplier_bits, fraction_bits);
  if (out.dtype != DType::Int16) return entry;
  const double rest = std::ldexp(gain, entry.shift - fraction_bits) - entry.multiplier;  // within 1/2
  entry.below = static_cast<std::int16_t>(std::nearbyint(std::ldexp(rest, kInt16MultiplierBits)));
  return entry;
}

/// apply_affine for |acc| < 2^56 of `finer` more fraction bits than the entry was made for, with the
/// multiplier's further bits: the product has 96 bits; one rounding.
inline std::int64_t apply_affine_finer(std::int64_t acc, int finer, const AffineEntry& entry,
                                       Rounding rounding, std::int64_t zero_point, std::int64_t lowest,
                                       std::int64_t highest) {
  const std::int64_t multiplier = entry.multiplier * (std::int64_t{1} << kInt16MultiplierBits) + entry.below;
  const Int128 sum = Int128{acc} * multiplier + entry.bias * (Int128{1} << (kInt16MultiplierBits + finer));
  const Int128 y = round_shift(sum, entry.shift + kInt16MultiplierBits + finer, rounding) + zero_point;
  return static_cast<std::int64_t>(std::clamp<Int128>(y, lowest, highest));
}

/// The same as apply_affine, for |acc| < 2^56 and with the multiplier's further bits.
inline std::int64_t apply_affine_int16(std::int64_t acc, const AffineEntry& entry, Rounding rounding,
                                       std::int64_t zero_point, std::int64_t lowest, std::int64_t highest) {
  constexpr std::int64_t kNarrow = std::int64_t{1} << 31;
  if (entry.below == 0 && acc > -kNarrow && acc < kNarrow)
    return apply_affine(acc, entry, rounding, zero_point, lowest, highest);
  return apply_affine_finer(acc, 0, entry, rounding, zero_point, lowest, highest);
}

}  // namespace bpusim
