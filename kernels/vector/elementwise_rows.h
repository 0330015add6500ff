// The two-operand element-wise operators over rows of codes.
#pragma once

#include <cstdint>

#include "kernels/quantise/requantise.h"

namespace bpusim {

/// first * a + second * b + constant, or with `product` first * ((a - zero_a) * (b - zero_b)), over 2^shift
/// onto the range's grid, with the rounding of apply_affine(). All sums and products of the centred codes fit
/// 62 bits.
struct PairMap {
  std::int32_t first = 0, second = 0;
  std::int64_t constant = 0;
  bool product = false;
  std::int32_t zero_a = 0, zero_b = 0;  ///< of a product only
  int shift = 0;
  Rounding rounding = Rounding::HalfEven;
  CodeRange range;
};
/// `y` may be `a` or `b`.
void map_pairs(const PairMap& map, const std::int8_t* a, const std::int8_t* b, std::int64_t count,
               std::int8_t* y);

}  // namespace bpusim
