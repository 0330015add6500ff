// Float64 arithmetic on whole tensors, as ONNX defines it: what the golden model and the CPU need beyond
// norms and convolutions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Shape that both broadcast to (NumPy's rule). Throws std::invalid_argument where there is none.
Shape broadcast_shape(const Shape& a, const Shape& b);

/// Add, Sub, Mul, Div, Pow, Min, Max, PRelu, Mod (the sign of the divisor), FMod (of the dividend),
/// comparisons, And, Or, Xor (1 and 0); broadcasting. Throws std::invalid_argument for other operators.
Tensor binary(const std::string& op, const Tensor& a, const Tensor& b);
bool is_binary(const std::string& op);
bool is_comparison(const std::string& op);  ///< or And, Or, Xor: the result is true or false

/// ReduceMean, -Sum, -Max, -Min, -Prod, -L1, -L2, -SumSquare, -LogSum, -LogSumExp over axes (all where there
/// are none). Throws std::invalid_argument for other operators.
Tensor reduce(const std::string& op, const Tensor& x, const std::vector<std::int64_t>& axes, bool keep_dims);

Tensor softmax(const Tensor& x, std::int64_t axis);
Tensor log_softmax(const Tensor& x, std::int64_t axis);

/// [..., m, k] by [..., k, n], leading dimensions broadcast.
Tensor matmul(const Tensor& a, const Tensor& b);

Tensor transpose_last(const Tensor& x);  ///< rank 2

/// Slices of x along the axis at the indices (negative ones from the end).
Tensor gather(const Tensor& x, const Tensor& indices, std::int64_t axis);

}  // namespace bpusim
