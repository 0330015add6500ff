// ConvTranspose: golden in float64, and as the convolutions that it consists of. With strides s the outputs
// fall into s_h * s_w phases; each phase is a convolution of stride 1 whose kernel is every s-th tap, turned
// round, and whose outputs lie s apart. With dilations d it is every s / gcd(s, d)-th tap, and the phase's
// convolution has dilations d / gcd(s, d).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/mac/conv.h"

namespace bpusim {

/// Over two spatial axes (1-D ones have height 1): x [n, ic, ih, iw], weights [ic, oc/groups, kh, kw].
struct ConvTransposeProblem {
  std::int64_t n = 1, ic = 1, ih = 1, iw = 1, oc = 1, kh = 1, kw = 1, oh = 1, ow = 1, groups = 1;
  std::int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, pad_top = 0, pad_left = 0;

  std::int64_t group_inputs() const { return ic / groups; }
  std::int64_t group_outputs() const { return oc / groups; }
  std::int64_t macs() const { return n * ic * ih * iw * group_outputs() * kh * kw; }
};

/// ONNX ConvTranspose: strides, pads, output_padding, output_shape, auto_pad, dilations, group. Throws
/// std::invalid_argument with what does not fit.
ConvTransposeProblem resolve_conv_transpose(const Attributes& attributes, const Shape& x,
                                            const Shape& weights);

/// Rank of the input decides the result's, as of a convolution.
Shape conv_transpose_shape(const ConvTransposeProblem& problem, std::size_t rank);

/// `bias` has oc values or none.
Tensor golden_conv_transpose(const ConvTransposeProblem& problem, const Tensor& x, const Tensor& weights,
                             const std::vector<double>& bias, std::size_t rank);

/// The weights as a convolution has them: [oc, ic/groups, kh, kw].
Tensor forward_weights(const ConvTransposeProblem& problem, const Tensor& weights);

/// Outputs (row + i * stride_h, column + j * stride_w) as a convolution.
struct ConvPhase {
  ConvProblem problem;
  std::int64_t row = 0, column = 0;
  std::int64_t first_weight = 0;  ///< of its weights, where those of all phases lie one behind the other
};
/// Phases without outputs are left out.
std::vector<ConvPhase> phases_of(const ConvTransposeProblem& problem);

/// Weights of a forward kernel [oc, ic/groups, kh, kw] phase by phase; a phase that no tap reaches has zeros.
std::vector<std::int8_t> phase_weights(const ConvTransposeProblem& problem,
                                       const std::vector<std::int8_t>& forward);

/// The infinitely precise real results of codes and of weights that lie as phase_weights() has them.
std::vector<double> exact_conv_transpose(const ConvTransposeProblem& problem, const ConvPlan& plan,
                                         const std::vector<std::int8_t>& phase_weights,
                                         const std::vector<std::int64_t>& codes,
                                         const std::vector<double>& weight_scales,
                                         const std::vector<double>& bias);

}  // namespace bpusim
