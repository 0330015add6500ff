// Determinants and inverses of square matrices, in float64.
#pragma once

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Of [..., n, n]: a number for each matrix. Throws std::invalid_argument for other shapes.
Tensor determinant(const Tensor& x);

/// Of [..., n, n], each matrix's. Throws as above, and where a matrix has none.
Tensor inverse(const Tensor& x);

/// The extents before the last two. Throws as above.
Shape matrices_of(const Shape& shape);

}  // namespace bpusim
