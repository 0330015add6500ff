// Ranges, histograms, errors and functions of whole tensors: the fast ways against the plain sums.
#include "kernels/quantise/value_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "kernels/cpu/parallel.h"
#include "kernels/quantise/calibration.h"
#include "kernels/vector/unary.h"

namespace bpusim {
namespace {

std::vector<double> drawn(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& v : values) v = normal(random);
  return values;
}

std::int64_t size_of(const std::vector<double>& values) {
  return static_cast<std::int64_t>(values.size());
}

TEST(ValueRows, RangeOfFiniteValues) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  EXPECT_FALSE(value_range(nullptr, 0).any_finite);
  const std::vector<double> infinite(17, -infinity);
  EXPECT_FALSE(value_range(infinite.data(), 17).any_finite);
  for (const std::size_t count : {1U, 7U, 8U, 9U, 100U, 70001U}) {
    std::vector<double> values = drawn(count, 3);
    values[count / 2] = -9;
    ValueRange range = value_range(values.data(), size_of(values));
    EXPECT_EQ(range.lowest, -9);
    EXPECT_EQ(range.highest, *std::max_element(values.begin(), values.end()));
    EXPECT_TRUE(range.any_finite);
    EXPECT_FALSE(range.any_nan);
    if (count < 3) continue;
    values[0] = infinity;
    values[count - 1] = 11;
    EXPECT_EQ(value_range(values.data(), size_of(values)).highest, 11);
    values[count - 2] = nan;
    range = value_range(values.data(), size_of(values));
    EXPECT_TRUE(range.any_nan);
    EXPECT_EQ(range.highest, 11);
  }
}

TEST(ValueRows, MagnitudesByBin) {
  // Bins of 0.25: 0 and -0.2 in the first, 0.25 in the second, -0.6 in the third, all beyond 1 in the last.
  std::vector<double> bins(4, 0);
  const std::vector<double> few = {0, -0.2, 0.25, -0.6, 1, -50};
  count_magnitudes(few.data(), size_of(few), 0.25, bins);
  EXPECT_EQ(bins, (std::vector<double>{2, 1, 1, 2}));
  const std::vector<double> many = drawn(100003, 5);
  std::vector<double> expected(2048, 0), got(2048, 0);
  const double width = 4.0 / 2048;
  for (const double v : many)
    ++expected[static_cast<std::size_t>(std::min(std::abs(v) * (1 / width), 2047.0))];
  count_magnitudes(many.data(), size_of(many), width, got);
  EXPECT_EQ(got, expected);
}

// Beside numbers near the smallest there are, a histogram says nothing.
TEST(ValueRows, StatisticsOfTinyValues) {
  const std::vector<double> tiny = {0, 1e-315, -1e-315, 0, 1e-316, 0, 0};
  ValueStatistics statistics;
  statistics.range(tiny);
  statistics.count(tiny);
  for (const CalibrationMethod& method : calibration_methods())
    EXPECT_GT(statistics.grid(method, false).scale, 0) << method.name();
}

TEST(ValueRows, ErrorsOfThreeCodes) {
  // Codes 1, -2, 3 on a grid of 0.5 stand for 0.5, -1, 1.5; errors are 0.5, 0 and -0.5.
  const std::vector<double> values = {0, -1, 2};
  const std::vector<std::int64_t> codes = {1, -2, 3};
  const ErrorSums sums = error_sums(values.data(), codes.data(), 3, {0.5, 0, DType::Int8});
  EXPECT_EQ(sums.signal, 0 + 1 + 4);
  EXPECT_EQ(sums.power, 0.25 + 1 + 2.25);
  EXPECT_EQ(sums.dot, 0 + 1 + 3);
  EXPECT_EQ(sums.noise, 0.25 + 0 + 0.25);
  EXPECT_EQ(sums.errors, 1);
  EXPECT_EQ(sums.largest, 0.5);
}

TEST(ValueRows, ErrorsDoNotDependOnThreads) {
  const std::vector<double> values = drawn(200003, 7);
  const Quantisation grid{4.0 / 127, 9, DType::Int8, true};
  const std::vector<std::int64_t> codes = quantise(values, grid);
  double noise = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    noise += std::pow(dequantise(codes[i], grid) - values[i], 2);
  const ErrorSums sums = error_sums(values.data(), codes.data(), size_of(values), grid);
  EXPECT_NEAR(sums.noise, noise, 1e-9 * noise);
  const int threads = thread_count();
  set_thread_count(1);
  const ErrorSums alone = error_sums(values.data(), codes.data(), size_of(values), grid);
  set_thread_count(threads);
  EXPECT_EQ(sums.noise, alone.noise);
  EXPECT_EQ(sums.dot, alone.dot);
  EXPECT_EQ(sums.signal, alone.signal);
}

TEST(ValueRows, AFunctionOfManyIsThatOfEach) {
  for (const UnaryDefinition& row : unary_registry()) {
    const RealFunction function = unary_function(row.op, {}, {Tensor({}, {2})});
    std::vector<double> values = drawn(20011, 11);
    const std::vector<double> before = values;
    function.apply(values.data(), size_of(values));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double expected = function(before[i]);
      ASSERT_TRUE(values[i] == expected || (std::isnan(values[i]) && std::isnan(expected))) << row.op;
    }
  }
}

}  // namespace
}  // namespace bpusim
