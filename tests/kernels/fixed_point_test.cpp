#include "kernels/quantise/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bpusim {
namespace {

TEST(RoundShift, TiesFollowTheMode) {
  // 5/2 = 2.5 and 7/2 = 3.5: half to even gives 2 and 4, half up 3 and 4; -2.5 gives -2 both ways.
  EXPECT_EQ(round_shift(5, 1, Rounding::HalfEven), 2);
  EXPECT_EQ(round_shift(7, 1, Rounding::HalfEven), 4);
  EXPECT_EQ(round_shift(5, 1, Rounding::HalfUp), 3);
  EXPECT_EQ(round_shift(-5, 1, Rounding::HalfEven), -2);
  EXPECT_EQ(round_shift(-5, 1, Rounding::HalfUp), -2);
  EXPECT_EQ(round_shift(-7, 1, Rounding::HalfEven), -4);
  EXPECT_EQ(round_shift(-5, 1, Rounding::Truncate), -3);
  EXPECT_EQ(round_shift(-5, 0, Rounding::HalfEven), -5);
}

TEST(RoundDiv, AgreesWithRealDivision) {
  std::mt19937_64 rng(1);
  std::uniform_int_distribution<std::int64_t> numerators(-1'000'000, 1'000'000);
  std::uniform_int_distribution<std::int64_t> denominators(1, 5000);
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t a = numerators(rng);
    const std::int64_t b = denominators(rng);
    const double real = static_cast<double>(a) / static_cast<double>(b);
    EXPECT_EQ(static_cast<std::int64_t>(round_div(a, b, Rounding::HalfEven)), std::llrint(real))
        << a << '/' << b;
  }
}

// Linear interpolation of 1/sqrt over [1,4) in 64 segments errs by at most h^2/8 * max f'' = (3/64)^2/8 * 3/4
// = 2.1e-4; one Newton step makes it 3/2 e^2 = 6.4e-8, and the worst relative rounding of 30 bits is below
// 4e-9.
double worst_relative_error(const RsqrtParams& params) {
  const RsqrtUnit rsqrt(params);
  std::mt19937_64 rng(2);
  double worst = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t x = (rng() >> (rng() % 64)) | 1;
    const RsqrtResult r = rsqrt(x);
    const double got = std::ldexp(static_cast<double>(r.mantissa), r.exponent - params.bits);
    worst = std::max(worst, std::abs(got * std::sqrt(static_cast<double>(x)) - 1));
  }
  return worst;
}

TEST(Rsqrt, DefaultStaysWithinItsBound) {
  EXPECT_LT(worst_relative_error({}), 7e-8);
}

// Of int16 results: two steps make 3/2 (6.4e-8)^2 = 6e-15 of the interpolation, and 46 bits round to 2^-46 =
// 1.4e-14 a few times.
TEST(Rsqrt, FinerOnesStayWithinTheirs) {
  const RsqrtUnit rsqrt({64, 2, 46});
  std::mt19937_64 rng(3);
  for (int i = 0; i < 100'000; ++i) {
    const Uint128 x = (Uint128{rng()} << 50 | rng()) >> (rng() % 100) | 1;
    const RsqrtResult r = rsqrt(x);
    const long double got = std::ldexp(static_cast<long double>(r.mantissa), r.exponent - 46);
    EXPECT_LT(std::abs(got * std::sqrt(static_cast<long double>(x)) - 1), 8e-14L);
  }
}

TEST(Rsqrt, FewerEntriesOrStepsLoseAccuracy) {
  EXPECT_GT(worst_relative_error({8, 1, 30}), 1e-6);
  EXPECT_GT(worst_relative_error({64, 0, 30}), 1e-5);
  EXPECT_GT(worst_relative_error({64, 1, 12}), 1e-5);
}

TEST(Rsqrt, PowersOfFourAreExact) {
  const RsqrtUnit rsqrt({});
  for (int e = 0; e < 60; ++e) {
    const RsqrtResult r = rsqrt(Uint128{1} << (2 * e));
    EXPECT_EQ(r.mantissa, 1u << 30);
    EXPECT_EQ(r.exponent, -e);
  }
}

TEST(Rsqrt, RefusesZeroAndImpossibleWidths) {
  EXPECT_THROW(RsqrtUnit({})(0), std::invalid_argument);
  EXPECT_THROW(RsqrtUnit({0, 1, 30}), std::invalid_argument);
  EXPECT_THROW(RsqrtUnit({64, 5, 30}), std::invalid_argument);
  EXPECT_THROW(RsqrtUnit({64, 1, 47}), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
