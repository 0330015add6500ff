// LpPool and GlobalLpPool in float64: the p-norm of what lies in a window.
#pragma once

#include <string>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// (sum |x|^p)^(1/p) over each window; attributes as a pooling has them, and p. Throws
/// std::invalid_argument with what does not fit, and NotRun for more than two spatial axes.
Tensor lp_pool(const std::string& op, const Attributes& attributes, const Tensor& x);

/// The shape of its result, and the elements of a window. Throws as above.
Shape lp_pool_shape(const std::string& op, const Attributes& attributes, const Shape& x);
std::int64_t lp_pool_window(const std::string& op, const Attributes& attributes, const Shape& x);

}  // namespace bpusim
