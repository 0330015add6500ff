// Float64 operators that go along an axis, as ONNX defines them.
#pragma once

#include <cstdint>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Sums of the elements up to each one along the axis: without it where `exclusive`, from the end where
/// `reverse`.
Tensor cumulative_sum(const Tensor& x, std::size_t axis, bool exclusive, bool reverse);

/// The first lengths[n] steps of sample n in the other direction; the rest stays. Throws
/// std::invalid_argument for lengths that do not fit.
Tensor reverse_sequence(const Tensor& x, const Tensor& lengths, std::size_t sample_axis,
                        std::size_t step_axis);

}  // namespace bpusim
