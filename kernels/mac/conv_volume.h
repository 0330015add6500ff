// Convolutions over three spatial axes, in float64: a sum of images, one for each tap along the first axis.
#pragma once

#include <vector>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// ONNX Conv of [n, ic, d, h, w] with weights [oc, ic/group, kd, kh, kw]: the output's shape. Throws
/// std::invalid_argument with what does not fit.
Shape conv_volume_shape(const Attributes& attributes, const Shape& x, const Shape& weights);

/// `bias` has oc values or none. Throws as conv_volume_shape().
Tensor golden_conv_volume(const Attributes& attributes, const Tensor& x, const Tensor& weights,
                          const std::vector<double>& bias);

}  // namespace bpusim
