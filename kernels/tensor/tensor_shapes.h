// Shapes of the results of whole-tensor operators, from the shapes of their operands alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Of a reduction over axes (all where there are none). Throws std::invalid_argument for an axis out of
/// range.
Shape reduced_shape(const Shape& x, const std::vector<std::int64_t>& axes, bool keep_dims);

/// Of [..., m, k] by [..., k, n]. Throws std::invalid_argument where the operands do not fit.
Shape matmul_shape(const Shape& a, const Shape& b);

}  // namespace bpusim
