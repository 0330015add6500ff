// The affine entry on sums that int16 codes make.
#pragma once

#include "kernels/quantise/affine_entry.h"

namespace bpusim {

/// apply_affine for |acc| < 2^47: the product has 80 bits; otherwise the same.
inline std::int64_t apply_affine_int16(std::int64_t acc, const AffineEntry& entry, Rounding rounding,
                                       std::int64_t zero_point, std::int64_t lowest, std::int64_t highest) {
  constexpr std::int64_t kNarrow = std::int64_t{1} << 31;
  if (acc > -kNarrow && acc < kNarrow) return apply_affine(acc, entry, rounding, zero_point, lowest, highest);
  const Int128 y =
      round_shift(Int128{acc} * entry.multiplier + entry.bias, entry.shift, rounding) + zero_point;
  return static_cast<std::int64_t>(std::clamp<Int128>(y, lowest, highest));
}

}  // namespace bpusim
