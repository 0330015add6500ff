#include "kernels/quantise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/quantise_rows.h"

namespace bpusim {

std::int64_t quantise(double real, const Quantisation& grid) {
  if (std::isnan(real)) throw std::invalid_argument("quantise: NaN has no place on an integer grid");
  // nearbyint rounds ties to even in the default rounding mode, which bpusim never changes.
  const double code = std::nearbyint(real / grid.scale) + static_cast<double>(grid.zero_point);
  return static_cast<std::int64_t>(
      std::clamp(code, static_cast<double>(grid.lowest()), static_cast<double>(grid.highest())));
}

Quantisation symmetric_grid(const std::vector<double>& values, DType dtype) {
  const double largest = largest_magnitude(values);
  Quantisation grid{1, 0, dtype};
  // A scale below the smallest normal number would lose precision itself.
  if (largest / static_cast<double>(grid.highest()) > 1e-300)
    grid.scale = largest / static_cast<double>(grid.highest());
  return grid;
}

Quantisation affine_grid(const std::vector<double>& values, DType dtype) {
  Quantisation grid = symmetric_grid(values, dtype);
  grid.asymmetric = true;
  if (values.empty()) return grid;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double range = *high - *low;
  const double codes = static_cast<double>(grid.highest() - grid.lowest());
  if (range <= 1e-12 * std::max(std::abs(*low), std::abs(*high))) return grid;
  grid.scale = range / codes;
  grid.zero_point =
      static_cast<std::int64_t>(std::nearbyint(static_cast<double>(grid.lowest()) - *low / grid.scale));
  return grid;
}

std::vector<std::int64_t> quantise(const std::vector<double>& values, const Quantisation& grid) {
  if (grid.dtype == DType::Int8) {
    const std::vector<std::int8_t> codes = quantise_int8(values, grid);
    return {codes.begin(), codes.end()};
  }
  std::vector<std::int64_t> codes(values.size());
  std::transform(values.begin(), values.end(), codes.begin(), [&](double v) { return quantise(v, grid); });
  return codes;
}

namespace {

std::vector<double> cut_at(std::vector<double> values, double magnitude) {
  for (double& v : values) v = std::clamp(v, -magnitude, magnitude);
  return values;
}

}  // namespace

std::vector<double> without_tails(std::vector<double> values, double fraction) {
  if (values.empty()) return values;
  std::vector<double> magnitudes;
  magnitudes.reserve(values.size());
  for (const double v : values) magnitudes.push_back(std::abs(v));
  const double last = static_cast<double>(values.size() - 1);
  const auto at = magnitudes.begin() + static_cast<std::ptrdiff_t>(std::ceil(fraction * last));
  std::nth_element(magnitudes.begin(), at, magnitudes.end());
  return *at > 0 ? cut_at(std::move(values), *at) : values;
}

std::vector<double> least_error_tails(const std::vector<double>& values, DType dtype) {
  constexpr std::size_t kJudged = 65536;
  const std::size_t step = std::max<std::size_t>(1, values.size() / kJudged);
  const double largest = largest_magnitude(values);
  double best = largest, least = std::numeric_limits<double>::infinity();
  for (int cut = 0; cut < 15 && largest > 0; ++cut) {
    const double magnitude = largest * (1 - 0.05 * cut);
    const Quantisation grid = symmetric_grid({magnitude}, dtype);
    const double error = squared_grid_error(values, step, grid);
    if (error < least) {
      least = error;
      best = magnitude;
    }
  }
  return cut_at(values, best);
}

}  // namespace bpusim
