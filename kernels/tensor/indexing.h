// Float64 operators that choose, repeat or make elements, as ONNX defines them.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// a where the condition is not 0, else b; all three broadcast.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

/// start, start + step, ... before limit. Throws std::invalid_argument for a step of 0.
/// How many numbers range() makes. Throws std::invalid_argument for a step of 0 and beyond kMaxElements.
std::int64_t range_count(double start, double limit, double step);
Tensor range(double start, double limit, double step);

/// Each axis as often as `repeats` says, one number an axis.
Tensor tile(const Tensor& x, const std::vector<std::int64_t>& repeats);

/// The upper or lower triangle of the last two axes, from diagonal k on; zeros elsewhere.
Tensor triangle(const Tensor& x, bool upper, std::int64_t k);

/// Slices of x at the index tuples that the last axis of `indices` holds; the first `batch` axes are shared.
Tensor gather_nd(const Tensor& x, const Tensor& indices, std::int64_t batch);

/// Elements of x at the indices along the axis (negative ones from the end); the result has their shape.
Tensor gather_elements(const Tensor& x, const Tensor& indices, std::int64_t axis);

/// A new axis of `depth` with `on` at the index (negative ones from the end) and `off` elsewhere.
Tensor one_hot(const Tensor& indices, std::int64_t depth, double off, double on, std::int64_t axis);

}  // namespace bpusim
