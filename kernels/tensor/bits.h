// Whole numbers by their bits, as ONNX defines it. Numbers beyond 2^53 are not whole in float64.
#pragma once

#include <string>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// BitwiseAnd, BitwiseOr, BitwiseXor, BitShift (`left` or right; 0 by as many bits as the type has), with
/// broadcasting, of two's complement numbers. Throws std::invalid_argument for other operators.
Tensor bitwise(const std::string& op, const Tensor& a, const Tensor& b, bool left = true);

/// All bits turned: -x - 1. What an unsigned type cuts off of it (make_exact) is its bits turned, too.
Tensor bitwise_not(const Tensor& x);

}  // namespace bpusim
