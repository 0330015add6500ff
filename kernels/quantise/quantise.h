// The grid of a quantised tensor, and the way onto it and back: real = scale * (q - zero_point).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/quantise/fixed_point.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// A uniform grid. `zero_point` may lie far outside the element type: data around 100 with a deviation of 0.5
/// needs about -5350 to use all of int8.
struct Quantisation {
  double scale = 1;
  std::int64_t zero_point = 0;
  /// Int8 or Int16; of exact tensors and of float32 their own, with a step of 1. A float32 tensor has no
  /// grid: only what asks for its bytes may ask this (sim/operators/tensor_codes.h).
  DType dtype = DType::Int8;
  bool asymmetric = false;  ///< of a kind that has zero points, though this one's may be 0

  std::int64_t lowest() const { return dtype == DType::Int8 ? -128 : lowest_of(dtype); }
  std::int64_t highest() const { return dtype == DType::Int8 ? 127 : highest_of(dtype); }
};

/// Whether codes on one grid mean the same numbers on the other.
inline bool same_grid(const Quantisation& a, const Quantisation& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point && a.dtype == b.dtype;
}

/// round(real/scale) + zero_point, clamped to the element type; ties to even. NaN has no place on a grid:
/// throws std::invalid_argument.
std::int64_t quantise(double real, const Quantisation& grid);

inline double dequantise(std::int64_t q, const Quantisation& grid) {
  return grid.scale * static_cast<double>(q - grid.zero_point);
}

/// Symmetric grid whose highest code is the largest magnitude. All-zero data gets scale 1.
Quantisation symmetric_grid(const std::vector<double>& values, DType dtype = DType::Int8);

/// Grid that spends every code between the smallest and the largest value. Constant data gets the symmetric
/// grid.
Quantisation affine_grid(const std::vector<double>& values, DType dtype = DType::Int8);

/// A tensor's codes, widened; row-major.
std::vector<std::int64_t> quantise(const std::vector<double>& values, const Quantisation& grid);

}  // namespace bpusim
