// What convolutions and matrix products share: quantised weights, what is folded into them, and a table
// behind the sum.
#pragma once

#include <optional>
#include <vector>

#include "kernels/conv.h"
#include "kernels/unary.h"
#include "sim/compile/conv_lowering.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// Sums of products with constant weights.
struct MacStep {
  ConvProblem problem;
  Tensor weights;            ///< [oc, taps…] in the order of problem; no values without function
  std::vector<double> bias;  ///< one an output channel, or none
  Clamp clamp;               ///< a fused Relu or Clip
  std::optional<RealFunction> activation;  ///< a fused function of one element
  using Lower = Program (*)(const std::string&, const ConvJob&, const MachineParams&, std::int64_t);
  Lower lower = nullptr;
};

/// The values of a constant input, to be folded into; a tensor of the same shape without values where the run
/// has no function.
Tensor weights_of(const StepLowering& s, std::size_t input);

/// Folds what follows in the step: BatchNormalization into weights and bias, Relu and Clip into the clamp,
/// another function of one element behind the sum.
void fold_followers(const StepLowering& s, MacStep& mac);

LoweredStep lower_mac(const StepLowering& s, MacStep mac);

/// Bounds of a Clip, from its attributes or constant inputs. Infinite where there are none.
Clamp clip_bounds(const Node& clip, const Network& network);

}  // namespace bpusim
