// BatchNormalization: given statistics in inference, a batch's own in training mode.
#include <stdexcept>

#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

constexpr const char* kOp = "BatchNormalization";

NormProblem resolve(const NormArguments& arguments) {
  if (arguments.attributes.get("spatial", std::int64_t{1}) == 0)
    throw std::invalid_argument(
        "BatchNormalization: spatial = 0 (statistics per activation, opset 7 and 8) is not supported");
  const std::int64_t channels = arguments.shape[1];
  const bool training = arguments.attributes.get("training_mode", std::int64_t{0}) != 0;

  NormPart part;
  part.dims = dims_of(arguments.shape);
  part.dims[1].affine_stride = 1;
  part.epsilon = arguments.attributes.get("epsilon", 1e-5);
  part.gamma = required(kOp, "scale", arguments, 0, channels);
  part.beta = required(kOp, "B", arguments, 1, channels);
  const auto mean = required(kOp, "input_mean", arguments, 2, channels);
  const auto variance = required(kOp, "input_var", arguments, 3, channels);
  for (const double v : variance)
    if (v < 0) throw std::invalid_argument("BatchNormalization: input_var holds a negative variance");

  NormProblem problem;
  problem.momentum = arguments.attributes.get("momentum", 0.9);
  if (training) {
    for (std::size_t d = 0; d < part.dims.size(); ++d) part.dims[d].in_set = d != 1;
    problem.running_mean = mean;
    problem.running_variance = variance;
  } else {
    part.statistic = Statistic::Given;
    part.mean = mean;
    part.variance = variance;
  }
  problem.parts.push_back(part);
  return problem;
}

}  // namespace

const NormDefinition batch_normalization = {
    kOp,    "scale, B, input_mean, input_var", "given; N and spatial in training mode", "channel", 2, 5,
    resolve};

}  // namespace bpusim::norms
