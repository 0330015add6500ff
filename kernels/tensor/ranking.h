// Order among the elements along an axis, in float64, as ONNX defines it.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim {

struct Ranked {
  Tensor values;
  Tensor indices;  ///< along the axis
};

/// The `count` largest (or smallest) elements along the axis, the first of them first; of equal ones that
/// with the smaller index. Throws std::invalid_argument where there are not so many.
Ranked top_k(const Tensor& x, std::int64_t count, std::size_t axis, bool largest);

/// 1 at the first of the largest elements of each row, 0 elsewhere. A row is what lies along the axis.
Tensor hardmax(const Tensor& x, std::size_t axis);

}  // namespace bpusim
