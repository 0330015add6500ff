// InstanceBatchNormalization (IBN): InstanceNormalization on the first k channels, BatchNormalization on the
// rest. Source of the idea: Pan et al., "Two at Once", ECCV 2018 (IBN-Net); k is the length of the instance
// half's scale.
#include "kernels/norms/definitions/building_blocks.h"

namespace bpusim::norms {

namespace {

// k: of a scale that is there, or of one that is still to be drawn.
std::int64_t instance_channels(const NormArguments& arguments) {
  const std::int64_t channels = arguments.shape[1];
  const std::int64_t k = !arguments.constants.empty()   ? arguments.constants[0].size()
                         : arguments.first_channels > 0 ? arguments.first_channels
                                                        : channels / 2;
  if (k < 1 || k >= channels)
    refuse(arguments, "in_scale has " + std::to_string(k) +
                          " values; it must have at least 1 and fewer than the " + std::to_string(channels) +
                          " channels");
  return k;
}

Shape per_instance_channel(const NormArguments& arguments) {
  return {instance_channels(arguments)};
}

Shape per_batch_channel(const NormArguments& arguments) {
  return {arguments.shape[1] - instance_channels(arguments)};
}

// Channels [first, first + count) of the tensor.
NormPart channel_slice(const NormArguments& arguments, std::int64_t first, std::int64_t count) {
  NormPart part;
  part.epsilon = number(arguments, "epsilon");
  part.dims = dims_of(arguments.shape);
  part.offset = first * part.dims[1].stride;
  part.dims[1].extent = count;
  part.dims[1].affine_stride = 1;
  return part;
}

NormProblem resolve(const NormArguments& arguments) {
  const std::int64_t k = instance_channels(arguments);
  NormPart instance = channel_slice(arguments, 0, k);
  instance.label = "instance";
  for (std::size_t d = 2; d < instance.dims.size(); ++d) instance.dims[d].in_set = true;
  instance.gamma = arguments.constants[0].values;
  instance.beta = arguments.constants[1].values;

  NormPart batch = channel_slice(arguments, k, arguments.shape[1] - k);
  batch.label = "batch";
  batch.statistic = Statistic::Given;
  batch.gamma = arguments.constants[2].values;
  batch.beta = arguments.constants[3].values;
  batch.mean = arguments.constants[4].values;
  batch.variance = arguments.constants[5].values;

  NormProblem problem;
  problem.parts = {std::move(instance), std::move(batch)};
  return problem;
}

}  // namespace

NormDefinition instance_batch_normalization() {
  NormDefinition row;
  row.op = "InstanceBatchNormalization";
  row.over = "spatial for the first channels; given for the rest";
  row.affine = "channel";
  row.min_rank = 3;
  row.constants = {
      {"in_scale", NormRole::Scale, per_instance_channel}, {"in_bias", NormRole::Bias, per_instance_channel},
      {"bn_scale", NormRole::Scale, per_batch_channel},    {"bn_bias", NormRole::Bias, per_batch_channel},
      {"bn_mean", NormRole::Mean, per_batch_channel},      {"bn_var", NormRole::Variance, per_batch_channel}};
  for (NormConstant& constant : row.constants) constant.drawn_as = constant.name;  // two of a role
  row.attributes = {{"epsilon", 1e-5}};
  row.examples = {{{1, 2, 1}}, {{1, 2, 1, 1}}};
  row.composite = true;
  row.in_parts =
      "the BatchNormalization half folds into the output channels of the convolution that it takes; a BPU "
      "that runs the InstanceNormalization half keeps the network in one segment (compare with --policy "
      "full)";
  row.resolve = resolve;
  return row;
}

}  // namespace bpusim::norms
