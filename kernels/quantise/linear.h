// ONNX's linear quantisation: QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, and what the
// integer products read of their codes.
#pragma once

#include <cstdint>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// How scales and zero points lie over a tensor: one for all; one an element of `axis` (as a vector, or as a
/// tensor of the data's rank with extent 1 elsewhere); or, with `block` above 0, one for `block` elements
/// along `axis`.
struct LinearLayout {
  std::int64_t axis = 1;   ///< negative counts from the back
  std::int64_t block = 0;  ///< 0: none
};

/// Throws std::invalid_argument where scales and zero points do not lie over codes of this shape.
void check_layout(const Shape& codes, const Tensor& scale, const Tensor& zero, const LinearLayout& layout);

/// saturate(round(x / scale) + zero): ties to even, the quotient in float32, as ONNX's types have it. `zero`
/// may be empty: 0. Infinity saturates. Throws std::invalid_argument where scale or zero do not lie over x,
/// and for scales that are not above 0.
Tensor quantize_linear(const Tensor& x, const Tensor& scale, const Tensor& zero, const LinearLayout& layout,
                       DType codes);

/// (codes - zero) * scale, exact in float64. Throws as quantize_linear, but takes any scale.
Tensor dequantize_linear(const Tensor& codes, const Tensor& scale, const Tensor& zero,
                         const LinearLayout& layout);

/// Codes less their zero points, which lie over them as dequantize_linear has them.
Tensor centred(const Tensor& codes, const Tensor& zero, const LinearLayout& layout);

/// A tensor on a uint8 grid that reaches from its smallest to its largest value, and to 0.
struct DynamicQuantised {
  Tensor codes, scale, zero;
};
/// ONNX's DynamicQuantizeLinear, in float32: scale = (max(x, 0) - min(x, 0)) / 255, zero = round(-min /
/// scale). Zeros alone get scale 1, as onnxruntime has it (ONNX's formula divides by 0 there).
DynamicQuantised dynamic_quantize_linear(const Tensor& x);

}  // namespace bpusim
