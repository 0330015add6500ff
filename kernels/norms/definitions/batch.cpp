// BatchNormalization: given statistics in inference, a batch's own in training mode.
#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/not_run.h"

namespace bpusim::norms {

namespace {

NormProblem resolve(const NormArguments& arguments) {
  if (integer(arguments, "spatial") == 0)
    throw NotRun(
        "BatchNormalization: spatial = 0 (statistics per activation, opset 7 and 8) is not supported");
  const auto& mean = arguments.constants[2].values;
  const auto& variance = arguments.constants[3].values;

  NormPart part;
  part.dims = dims_of(arguments.shape);
  part.dims[1].affine_stride = 1;
  part.epsilon = number(arguments, "epsilon");
  part.gamma = arguments.constants[0].values;
  part.beta = arguments.constants[1].values;

  NormProblem problem;
  problem.momentum = number(arguments, "momentum");
  if (integer(arguments, "training_mode") != 0) {
    for (std::size_t d = 0; d < part.dims.size(); ++d) part.dims[d].in_set = d != 1;
    problem.running_mean = mean;
    problem.running_variance = variance;
  } else {
    part.statistic = Statistic::Given;
    part.mean = mean;
    part.variance = variance;
  }
  problem.parts.push_back(std::move(part));
  return problem;
}

}  // namespace

NormDefinition batch_normalization() {
  NormDefinition row;
  row.op = "BatchNormalization";
  row.over = "given; N and spatial in training mode";
  row.affine = "channel";
  row.min_rank = 2;
  row.constants = {{"scale", NormRole::Scale, per_channel},
                   {"B", NormRole::Bias, per_channel},
                   {"input_mean", NormRole::Mean, per_channel},
                   {"input_var", NormRole::Variance, per_channel}};
  row.attributes = {{"epsilon", 1e-5}, {"momentum", 0.9}, {"training_mode", 0}, {"spatial", 1}};
  row.examples = {
      {{1, 1}}, {{1, 1, 1, 1}}, {{1, 1, 1}, {{"training_mode", 1}}}, {{1, 1, 1, 1}, {{"training_mode", 1}}}};
  row.given_statistics = true;
  row.training_attribute = "training_mode";
  row.resolve = resolve;
  return row;
}

}  // namespace bpusim::norms
