// Whole tensors onto a grid, and what grids are chosen by.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/quantise/quantise.h"

namespace bpusim {

/// quantise() of each value, as int8; the grid's type must be Int8. Throws std::invalid_argument for NaN.
void quantise_int8(const double* values, std::int64_t count, const Quantisation& grid, std::int8_t* codes);
std::vector<std::int8_t> quantise_int8(const std::vector<double>& values, const Quantisation& grid);

/// The largest |v|, 0 of no values; a NaN among them counts for nothing.
double largest_magnitude(const double* values, std::int64_t count);
inline double largest_magnitude(const std::vector<double>& values) {
  return largest_magnitude(values.data(), static_cast<std::int64_t>(values.size()));
}

}  // namespace bpusim
