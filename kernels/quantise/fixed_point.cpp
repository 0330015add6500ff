#include "kernels/quantise/fixed_point.h"

#include <cmath>
#include <stdexcept>

namespace bpusim {

Int128 round_shift(Int128 x, int shift, Rounding rounding) {
  if (shift == 0) return x;
  return round_div(x, Int128{1} << shift, rounding);
}

Int128 round_div(Int128 numerator, Int128 denominator, Rounding rounding) {
  Int128 quotient = numerator / denominator;
  Int128 remainder = numerator % denominator;
  if (remainder < 0) {  // C++ divides towards zero; the rest of this function wants the floor
    remainder += denominator;
    --quotient;
  }
  if (rounding == Rounding::Truncate) return quotient;
  const Int128 complement = denominator - remainder;  // compared so, since 2 * remainder could overflow
  if (remainder > complement) return quotient + 1;
  if (remainder < complement) return quotient;
  return rounding == Rounding::HalfUp ? quotient + 1 : quotient + (quotient & 1);
}

namespace {

constexpr int kWholeBits = 40;  // y * y * m has 3 * bits + 2, and fits 126

int leading_bit(Uint128 x) {
  const auto high = static_cast<std::uint64_t>(x >> 64);
  if (high != 0) return 127 - __builtin_clzll(high);
  return 63 - __builtin_clzll(static_cast<std::uint64_t>(x));
}

void check(const RsqrtParams& params) {
  if (params.table_entries < 1) throw std::invalid_argument("rsqrt: table_entries must be at least 1");
  if (params.newton_steps < 0 || params.newton_steps > 4)
    throw std::invalid_argument("rsqrt: newton_steps must be 0 to 4");
  if (params.bits < 8 || params.bits > 46) throw std::invalid_argument("rsqrt: bits must be 8 to 46");
}

}  // namespace

RsqrtUnit::RsqrtUnit(const RsqrtParams& params) : params_(params) {
  check(params);
  const double one = std::ldexp(1.0, params.bits);
  for (int i = 0; i <= params.table_entries; ++i) {
    const double x = 1.0 + 3.0 * i / params.table_entries;
    table_.push_back(static_cast<std::uint64_t>(std::llround(one / std::sqrt(x))));
  }
}

RsqrtResult RsqrtUnit::operator()(Uint128 x) const {
  if (x == 0) throw std::invalid_argument("rsqrt: the argument must be positive");
  const int bits = params_.bits;
  // x = m * 4^e with m in [1, 4), so 1/sqrt(x) = 1/sqrt(m) * 2^-e.
  const int e = leading_bit(x) / 2;
  const int shift = 2 * e - bits;
  const auto m = static_cast<std::uint64_t>(shift >= 0 ? x >> shift : x << -shift);  // m, bits fraction bits

  const std::uint64_t one = std::uint64_t{1} << bits;
  const std::uint64_t position = (m - one) * params_.table_entries / 3;  // table_entries * (m-1)/3
  const std::uint64_t segment = position >> bits;
  const auto fraction = static_cast<Int128>(position & (one - 1));
  const Int128 from = table_[segment];
  const Int128 to = table_[segment + 1];
  Int128 y = from + round_shift((to - from) * fraction, bits, Rounding::HalfEven);

  // y <- y (3 - m y^2) / 2, with products kept whole where they fit.
  for (int step = 0; step < params_.newton_steps; ++step) {
    const Int128 my2 = bits <= kWholeBits ? round_shift(y * y * m, 2 * bits, Rounding::HalfEven)
                                          : round_shift(round_shift(y * y, bits, Rounding::HalfEven) * m,
                                                        bits, Rounding::HalfEven);
    y = round_shift(y * (3 * static_cast<Int128>(one) - my2), bits + 1, Rounding::HalfEven);
  }
  if (y > static_cast<Int128>(one)) y = static_cast<Int128>(one);
  return {static_cast<std::uint64_t>(y), -e};
}

}  // namespace bpusim
