#include "kernels/quantise/affine_entry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bpusim {
namespace {

TEST(RoundShift64, EqualsTheWideVersion) {
  std::mt19937_64 rng(3);
  for (int i = 0; i < 200'000; ++i) {
    const auto x = static_cast<std::int64_t>(rng()) >> (1 + rng() % 62);
    const int shift = static_cast<int>(rng() % 63);
    for (const Rounding mode : {Rounding::HalfEven, Rounding::HalfUp, Rounding::Truncate})
      ASSERT_EQ(round_shift64(x, shift, mode), static_cast<std::int64_t>(round_shift(x, shift, mode)))
          << x << ' ' << shift;
  }
}

TEST(AffineEntry, HasTheMultiplierBitsThatItWasGiven) {
  // gain 0.75 = 0.75 * 2^0: 31 bits make 0.75 * 2^31 with a shift of 31.
  const AffineEntry entry = make_affine_entry(0.75, -2.5, 31, 0);
  EXPECT_EQ(entry.multiplier, 1610612736);
  EXPECT_EQ(entry.shift, 31);
  EXPECT_EQ(entry.bias, static_cast<std::int64_t>(-2.5 * 2147483648.0));
  // 0.75 * 10 - 2.5 = 5; 0.75 * 2 - 2.5 = -1; 0.75 * 4 - 2.5 = 0.5, a tie, to even.
  EXPECT_EQ(apply_affine(10, entry, Rounding::HalfEven, 0, -128, 127), 5);
  EXPECT_EQ(apply_affine(2, entry, Rounding::HalfEven, 0, -128, 127), -1);
  EXPECT_EQ(apply_affine(4, entry, Rounding::HalfEven, 0, -128, 127), 0);
  EXPECT_EQ(apply_affine(4, entry, Rounding::HalfUp, 0, -128, 127), 1);
  EXPECT_EQ(apply_affine(4000, entry, Rounding::HalfEven, 0, -128, 127), 127);
}

TEST(AffineEntry, MeansItsRealNumbers) {
  std::mt19937_64 rng(4);
  std::uniform_real_distribution<double> exponent(-20, 20), mantissa(-2, 2);
  for (int i = 0; i < 20'000; ++i) {
    const double gain = mantissa(rng) * std::exp2(exponent(rng)),
                 offset = mantissa(rng) * std::exp2(exponent(rng));
    const int fraction = static_cast<int>(rng() % 30);
    const AffineEntry entry = make_affine_entry(gain, offset, 31, fraction);
    const auto acc = static_cast<std::int32_t>(rng());
    const double want = gain * std::ldexp(static_cast<double>(acc), -fraction) + offset;
    if (std::abs(want) > 1e15) continue;
    const auto got =
        static_cast<double>(apply_affine(acc, entry, Rounding::HalfEven, 0, INT64_MIN / 4, INT64_MAX / 4));
    // Half a step of rounding, and 2^-31 of the product for the multiplier's.
    EXPECT_NEAR(got, want, 0.5 + 1e-9 + std::abs(want - offset) * std::exp2(-30)) << gain << ' ' << offset;
  }
}

TEST(AffineEntry, RefusesWhatNoMultiplierReaches) {
  EXPECT_THROW(make_affine_entry(1e30, 0, 31, 0), std::invalid_argument);
  EXPECT_THROW(make_affine_entry(NAN, 0, 31, 0), std::invalid_argument);
  EXPECT_THROW(make_affine_entry(1, INFINITY, 31, 0), std::invalid_argument);
  EXPECT_EQ(apply_affine(5, make_affine_entry(0, 3, 31, 0), Rounding::HalfEven, 1, -128, 127), 4);
}

}  // namespace
}  // namespace bpusim
