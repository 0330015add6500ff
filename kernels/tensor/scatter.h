// Float64 operators that write updates into a copy of a tensor, as ONNX defines them.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// What becomes of an element and its update.
enum class ScatterReduction { None, Add, Mul, Max, Min };

/// ONNX's word ("none", "add", "mul", "max", "min"). Throws std::invalid_argument for others.
ScatterReduction scatter_reduction(const std::string& word);

/// x with each update at its index along the axis (negative ones from the end), at its own place along the
/// others. Without a reduction the last of those with one place stays. Throws std::invalid_argument where
/// shapes or indices do not fit.
Tensor scatter_elements(const Tensor& x, const Tensor& indices, const Tensor& updates, std::size_t axis,
                        ScatterReduction reduction);

/// x with each slice of the updates at the index tuple that the last axis of `indices` holds. Throws as
/// above.
Tensor scatter_nd(const Tensor& x, const Tensor& indices, const Tensor& updates, ScatterReduction reduction);

/// Whether the updates of scatter_nd have the shape that x and its indices ask for.
bool scatter_nd_fits(const Shape& x, const Shape& indices, const Shape& updates);

}  // namespace bpusim
