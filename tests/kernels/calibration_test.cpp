#include "kernels/quantise/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/tensor/random.h"

namespace bpusim {
namespace {

using Kind = CalibrationMethod::Kind;

ValueStatistics statistics_of(const std::vector<double>& values) {
  ValueStatistics statistics;
  statistics.range(values);
  statistics.count(values);
  return statistics;
}

// `count` values in the middle of bin `bin` of 2048 up to `largest`.
void fill(std::vector<double>& values, int bin, int count, double largest) {
  values.insert(values.end(), static_cast<std::size_t>(count), (bin + 0.5) * largest / 2048);
}

TEST(Calibration, NamesOfMethods) {
  EXPECT_EQ(calibration_methods().size(), 9u);
  for (const CalibrationMethod& method : calibration_methods())
    EXPECT_EQ(parse_calibration(method.name())->name(), method.name());
  EXPECT_DOUBLE_EQ(parse_calibration("percentile", 0.99)->fraction, 0.99);
  for (const char* wrong : {"entropy", "percentile:", "percentile:2", "percentile:0", "percentile:0.9x", ""})
    EXPECT_FALSE(parse_calibration(wrong)) << wrong;
}

TEST(Calibration, TailsBeyondAPercentileAreCut) {
  // Magnitudes 0, 0.01, ..., 9.98 and one of 20.48: bins of 0.01. 0.99 of 1000 values are the 990 of the
  // first 990 bins, which end at 9.90.
  std::vector<double> values;
  for (int i = 0; i < 999; ++i) values.push_back((i + 0.5) / 100 * (i % 2 == 0 ? 1 : -1));
  values.push_back(20.48);
  EXPECT_NEAR(statistics_of(values).percentile(0.99), 9.90, 1e-9);
  EXPECT_DOUBLE_EQ(statistics_of(values).percentile(1), 20.48);
  EXPECT_DOUBLE_EQ(statistics_of({0, 0, 0, 1}).percentile(0.5), 1);  // nothing to keep: nothing is cut
}

TEST(Calibration, ReadersSayWhereTheirGridEnds) {
  const CalibrationMethod readers = *parse_calibration("readers");
  ValueStatistics s = statistics_of({-1, 0.5, 4});
  EXPECT_DOUBLE_EQ(s.magnitude(readers), 4);  // nobody has said
  s.end_for_readers(2);
  EXPECT_DOUBLE_EQ(s.grid(readers, false).scale, 2.0 / 127);
  EXPECT_DOUBLE_EQ(s.grid(readers, true).scale, 3.0 / 255);  // from -1 to 2
  EXPECT_DOUBLE_EQ(s.grid(readers, false, DType::Int16).scale, 4.0 / 32767);
}

TEST(Calibration, OfNoValues) {
  for (const CalibrationMethod& method : calibration_methods())
    EXPECT_EQ(statistics_of({}).grid(method, false).scale, 1) << method.name();
  EXPECT_EQ(ValueStatistics().largest(), 0);
}

TEST(Calibration, ZerosAndWhatNoGridTellsFromThem) {
  EXPECT_TRUE(ValueStatistics().all_zero());
  EXPECT_TRUE(statistics_of({0, -0.0, 1e-320}).all_zero());
  EXPECT_FALSE(statistics_of({0, -1e-200}).all_zero());
}

TEST(Calibration, SamplesAddUp) {
  const auto a = random_normal({3000}, 0, 1, 1).values, b = random_normal({2000}, 1, 2, 2).values;
  std::vector<double> both = a;
  both.insert(both.end(), b.begin(), b.end());
  ValueStatistics streamed;
  streamed.range(a);
  streamed.range(b);
  streamed.count(a);
  streamed.count(b);
  for (const CalibrationMethod& method : calibration_methods())
    EXPECT_DOUBLE_EQ(streamed.magnitude(method), statistics_of(both).magnitude(method)) << method.name();
}

TEST(Calibration, LeastErrorBeatsTheLargestMagnitudeWhereThereIsAnOutlier) {
  auto values = random_normal({20000}, 0, 1, 3).values;
  values[7] = 14;
  const auto error = [&](const Quantisation& grid) {
    double sum = 0;
    for (const double v : values) sum += std::pow(dequantise(quantise(v, grid), grid) - v, 2);
    return sum;
  };
  const ValueStatistics statistics = statistics_of(values);
  EXPECT_LT(error(statistics.grid({Kind::Mse}, false)), error(statistics.grid({Kind::Max}, false)));
}

TEST(Calibration, LeastDivergenceOfADistributionWithAKnownAnswer) {
  // The first 128 bins hold 1000 and 3000 in turn (bins 0 and 1 both 1000), then one value lies in the last
  // bin. Cut at 128 each bin is a level: Q equals P but for the outlier, so the sum is near 0. At 2048 levels
  // of 16 bins flatten the turns: half the counts have p log(1/2) with a quarter of the mass, half
  // p log(3/2) with three quarters: 0.25 (-0.693) + 0.75 (0.405) = 0.131. Between, bins before the cut are
  // empty, where P has the outlier: infinite.
  std::vector<double> values;
  for (int bin = 0; bin < 128; ++bin) fill(values, bin, bin % 2 == 0 || bin == 1 ? 1000 : 3000, 1);
  values.push_back(1);
  EXPECT_DOUBLE_EQ(statistics_of(values).magnitude({Kind::Kl}), 128.0 / 2048);
}

TEST(Calibration, LeastDivergenceKeepsAnEvenDistributionWhole) {
  // P = Q at the full range: 0, which no cut can better.
  std::vector<double> values;
  for (int bin = 0; bin < 2048; ++bin) fill(values, bin, 5, 1);
  values.push_back(1);
  EXPECT_GT(statistics_of(values).magnitude({Kind::Kl}), 0.99);
  fill(values, 0, 100000, 1);  // zeros are on every grid: they change nothing
  EXPECT_GT(statistics_of(values).magnitude({Kind::Kl}), 0.99);
}

TEST(Calibration, GridsOfRangesThatLieOnOneSide) {
  const ValueStatistics statistics = statistics_of({1, 2, 5.1});
  const Quantisation affine = statistics.grid({Kind::Max}, true);
  EXPECT_DOUBLE_EQ(affine.scale, (5.1 - 1) / 255);
  EXPECT_DOUBLE_EQ(statistics.grid({Kind::Max}, false).scale, 5.1 / 127);
  EXPECT_DOUBLE_EQ(statistics.grid({Kind::Percentile, 0.5}, false, DType::Int16).scale, 5.1 / 32767);
  EXPECT_DOUBLE_EQ(statistics_of({0, 0}).grid({Kind::Kl}, false).scale, 1);
  EXPECT_THROW(statistics_of({0, std::nan("")}), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
