// What convolutions and matrix products share: quantised weights, what is folded into them, and a table
// behind the sum.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "kernels/mac/conv.h"
#include "kernels/vector/unary.h"
#include "sim/lowering/conv.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// Sums of products with constant weights, and what the step does to them in this order: clamp or activation,
/// residual, last_clamp or last.
struct MacStep {
  ConvProblem problem;         ///< with weights as they are folded and quantised: oc, and taps() an output
  Tensor weights;              ///< [oc, taps…] in the order of problem; no values without function
  std::vector<double> scales;  ///< of weights whose codes the model gives, one an output channel; else none
  std::vector<double> bias;    ///< one an output channel, or none
  Clamp clamp;                 ///< a fused Relu or Clip
  std::optional<RealFunction> activation;  ///< fused functions of one element, as one
  std::string activation_reads;            ///< the value that the activation is a function of
  std::string residual;                    ///< a tensor that is added; empty for none
  std::string before_sum;                  ///< the value that the residual is added to
  Clamp last_clamp;                        ///< a Relu or Clip behind the Add
  std::optional<RealFunction> last;        ///< other functions behind the Add, as one
  std::string last_reads;                  ///< the value that they are a function of
  std::int64_t macs = 0;

  std::function<Program(const std::string&, const ConvJob&, const MachineParams&, std::int64_t)> lower;
  std::vector<std::string> mappings = {"mac_array"};  ///< that `lower` takes
  /// Weights as they lie in memory, and the real sums of codes, where they are not those of `problem`.
  std::function<std::vector<std::int8_t>(const std::vector<std::int8_t>&)> arrange;
  std::function<std::vector<double>(const ConvPlan&, const std::vector<std::int64_t>&,
                                    const std::vector<double>& scales, const std::vector<double>& bias)>
      exact;  ///< exact_conv where there is none
  /// The codes of the sums' input from those of all inputs of the step, where it is not the first.
  std::function<std::vector<std::int64_t>(const std::vector<std::vector<std::int64_t>>&)> gather;
  std::int64_t weight_bytes = 0;  ///< where `arrange` changes their number; 0: oc * taps
};

/// A matrix of constants behind an activation: weights, one scale a column.
bool multiplies_by_weights(const Operation& product);

/// Whether a node makes sums of products with weights, into which others can be folded: a convolution, or
/// such a product.
bool has_weights(const Node& node, const Network& network);

/// The values of a constant input, to be folded into; a tensor of the same shape without values where the run
/// has no function.
Tensor weights_of(const StepLowering& s, std::size_t input);

/// Scales of a constant input whose codes the model gives, one for each of `channels` outputs; none without.
std::vector<double> given_scales(const StepLowering& s, std::size_t input, std::int64_t channels);

/// The constant of a node that folds into the weights and biases of a `first` node whose result it reads as
/// `value`: of a sum, difference, product or quotient by one number, or by one an output channel. Empty where
/// it does not fold.
std::string folded_constant(const Node& first, const Node& node, const std::string& value,
                            const Network& network);

/// Folds what follows in the step: BatchNormalization and folded_constant() into weights and bias, a Relu or
/// Clip into the clamp, other functions of one element, as one, behind the sums; an Add of a tensor, with
/// functions behind it.
void fold_followers(const StepLowering& s, MacStep& mac);

LoweredStep lower_mac(StepLowering& s, MacStep mac);

/// Bounds of a Clip, from its attributes or constant inputs. Infinite where there are none.
Clamp clip_bounds(const Node& clip, const Network& network);

}  // namespace bpusim
