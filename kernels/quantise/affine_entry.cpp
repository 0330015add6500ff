#include "kernels/quantise/affine_entry.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

constexpr int kBiasBits = 62;

// The largest shift that keeps |offset| * 2^shift within the bias.
int largest_shift(double offset) {
  if (offset == 0) return kBiasBits;
  int exponent = 0;
  std::frexp(offset, &exponent);  // |offset| < 2^exponent
  return std::clamp(kBiasBits - exponent, 0, kBiasBits);
}

}  // namespace

AffineEntry make_affine_entry(double gain, double offset, int multiplier_bits, int fraction_bits) {
  if (!std::isfinite(gain) || !std::isfinite(offset))
    throw std::invalid_argument("affine: gain " + std::to_string(gain) + " and offset " +
                                std::to_string(offset) + " must be finite");
  int exponent = 0;
  std::frexp(gain, &exponent);  // |gain| in [2^(exponent-1), 2^exponent)
  int shift = gain == 0 ? kBiasBits : multiplier_bits - exponent + fraction_bits;
  shift = std::min(shift, largest_shift(offset));
  if (shift < 0)
    throw std::invalid_argument("affine: gain " + std::to_string(gain) +
                                " is too large for a multiplier of " + std::to_string(multiplier_bits) +
                                " bits");
  double multiplier = std::nearbyint(std::ldexp(gain, shift - fraction_bits));
  if (std::abs(multiplier) >= std::ldexp(1.0, multiplier_bits) &&
      shift > 0) {  // rounded up to the next power
    --shift;
    multiplier = std::nearbyint(std::ldexp(gain, shift - fraction_bits));
  }
  if (std::abs(multiplier) >= std::ldexp(1.0, multiplier_bits))
    throw std::invalid_argument("affine: gain " + std::to_string(gain) +
                                " is too large for a multiplier of " + std::to_string(multiplier_bits) +
                                " bits");
  // Beyond 2^62 the result saturates either way; the clamp keeps the sum inside 64 bits.
  const double limit = std::ldexp(1.0, kBiasBits);
  const double bias = std::clamp(std::nearbyint(std::ldexp(offset, shift)), -limit, limit);
  return {static_cast<std::int64_t>(bias), static_cast<std::int32_t>(multiplier),
          static_cast<std::int16_t>(shift)};
}

}  // namespace bpusim
