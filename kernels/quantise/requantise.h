// From sums of products onto an int8 grid: as the machine does it, and as infinite precision would.
#pragma once

#include <cstdint>

#include "kernels/quantise/affine_entry.h"

namespace bpusim {

/// Where results go: the zero point that is added after rounding, and the range that they are clamped to.
struct CodeRange {
  std::int64_t zero_point = 0, lowest = -128, highest = 127;  ///< lowest and highest within int8
};

/// out[i] = apply_affine(sums[i], ...), bit for bit.
void requantise(const std::int32_t* sums, std::int64_t count, const AffineEntry& entry, Rounding rounding,
                const CodeRange& range, std::int8_t* out);

/// (sum * gain + offset) / scale + zero point, rounded once, ties to even, and clamped: each operation in
/// long double, or in double where that is far enough from a tie to give the same.
class ExactAffine {
 public:
  ExactAffine(long double gain, long double offset, double scale, const CodeRange& range);

  std::int64_t operator()(std::int32_t sum) const;  ///< in long double throughout
  void apply(const std::int32_t* sums, std::int64_t count, std::int8_t* out) const;

  /// What apply() computes with: double(sum) * slope + start, trusted farther than `doubt` from a tie.
  struct Fast {
    double slope, start, doubt, lowest, highest;
  };

 private:
  long double gain_, offset_;
  double scale_;
  CodeRange range_;
  Fast fast_;
};

}  // namespace bpusim
