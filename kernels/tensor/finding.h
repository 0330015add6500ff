// Operators that keep what they find: how much there is of their results follows from numbers, not from
// shapes. Float64, as ONNX defines them.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// The places of elements that are not 0, in their order: [rank, places]. A scalar is a vector of one.
Tensor non_zero(const Tensor& x);

/// Slices along the axis, or elements in their order, where the condition is not 0; behind the condition's
/// end there are none. Throws std::invalid_argument where the condition is no vector, or is longer.
Tensor compress(const Tensor& x, const Tensor& condition, std::optional<std::size_t> axis);

struct Distinct {
  Tensor values;
  Tensor first;    ///< where each is met first, along the axis
  Tensor inverse;  ///< which of them stands at each place of the axis
  Tensor counts;
};

/// Distinct slices along the axis, or distinct elements, by their size or as they are met.
Distinct unique(const Tensor& x, std::optional<std::size_t> axis, bool sorted);

}  // namespace bpusim
