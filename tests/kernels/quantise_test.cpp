#include "kernels/quantise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/random.h"

namespace bpusim {
namespace {

TEST(Calibration, TailsBeyondAPercentileAreCut) {
  std::vector<double> values(1000, 0);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i) / 100 * (i % 2 == 0 ? 1 : -1);
  values.back() = 5000;
  // Of 1000 magnitudes the one at position ceil(0.99 * 999) = 990 is 9.90.
  const auto cut = without_tails(values, 0.99);
  EXPECT_DOUBLE_EQ(*std::max_element(cut.begin(), cut.end()), 9.90);
  EXPECT_DOUBLE_EQ(cut[3], values[3]);
  EXPECT_EQ(without_tails({0, 0, 0, 1}, 0.5),
            (std::vector<double>{0, 0, 0, 1}));  // nothing to keep: nothing is cut
}

TEST(Calibration, LeastErrorBeatsTheLargestMagnitudeWhereThereIsAnOutlier) {
  auto values = random_normal({20000}, 0, 1, 3).values;
  values[7] = 14;
  const auto error = [&](const Quantisation& grid) {
    double sum = 0;
    for (const double v : values) sum += std::pow(dequantise(quantise(v, grid), grid) - v, 2);
    return sum;
  };
  EXPECT_LT(error(symmetric_grid(least_error_tails(values))), error(symmetric_grid(values)));
  const std::vector<double> even = {-1, -0.5, 0, 0.5, 1};
  EXPECT_DOUBLE_EQ(symmetric_grid(least_error_tails(even)).scale, symmetric_grid(even).scale);
}

}  // namespace
}  // namespace bpusim
