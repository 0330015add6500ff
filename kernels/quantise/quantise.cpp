#include "kernels/quantise/quantise.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/quantise/quantise_rows.h"

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
  const double largest = std::max(std::abs(*low), std::abs(*high));
  if (range <= 1e-12 * largest) return grid;
  // Steps of a sixteenth of what float32 tells apart: finer ones would only move the zero point further out.
  grid.scale = std::max(range / codes, std::ldexp(largest, -28));
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

}  // namespace bpusim
