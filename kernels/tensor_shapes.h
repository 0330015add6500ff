// Shapes of the results of whole-tensor operators, from the shapes of their operands alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norm.h"
#include "kernels/tensor.h"

namespace bpusim {

/// Of a reduction over axes (all where there are none). Throws std::invalid_argument for an axis out of
/// range.
Shape reduced_shape(const Shape& x, const std::vector<std::int64_t>& axes, bool keep_dims);

/// Of [..., m, k] by [..., k, n]. Throws std::invalid_argument where the operands do not fit.
Shape matmul_shape(const Shape& a, const Shape& b);

/// `pads` holds all beginnings, then all ends. Throws std::invalid_argument where their number is wrong.
Shape padded_shape(const Shape& x, const std::vector<std::int64_t>& pads);

/// A ConvTranspose over two spatial axes, resolved: x [n, ic, ih, iw], weights [ic, oc/groups, kh, kw].
struct ConvTransposeProblem {
  std::int64_t n = 1, ic = 1, ih = 1, iw = 1, oc = 1, kh = 1, kw = 1, oh = 1, ow = 1, groups = 1;
  std::int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, pad_top = 0, pad_left = 0;

  std::int64_t group_outputs() const { return oc / groups; }
};

/// ONNX ConvTranspose: strides, pads, output_padding, dilations, group. Throws std::invalid_argument with
/// what does not fit.
ConvTransposeProblem resolve_conv_transpose(const Attributes& attributes, const Shape& x,
                                            const Shape& weights);

}  // namespace bpusim
