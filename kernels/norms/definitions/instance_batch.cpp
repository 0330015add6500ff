// InstanceBatchNormalization (IBN): InstanceNormalization on the first k channels, BatchNormalization on the
// rest. Source of the idea: Pan et al., "Two at Once", ECCV 2018 (IBN-Net); k is the length of the instance
// half's scale.
#include <stdexcept>

#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

constexpr const char* kOp = "InstanceBatchNormalization";

// Channels [first, first + count) of the tensor.
NormPart channel_slice(const NormArguments& arguments, std::int64_t first, std::int64_t count) {
  NormPart part;
  part.epsilon = arguments.attributes.get("epsilon", 1e-5);
  part.dims = dims_of(arguments.shape);
  part.offset = first * part.dims[1].stride;
  part.dims[1].extent = count;
  part.dims[1].affine_stride = 1;
  return part;
}

NormProblem resolve(const NormArguments& arguments) {
  const std::int64_t channels = arguments.shape[1];
  const std::int64_t k = arguments.constants.empty() ? 0 : arguments.constants[0].size();
  if (k < 1 || k >= channels)
    throw std::invalid_argument("InstanceBatchNormalization: in_scale has " + std::to_string(k) +
                                " values; it must have at least 1 and fewer than the " +
                                std::to_string(channels) + " channels");
  NormPart instance = channel_slice(arguments, 0, k);
  instance.label = "instance";
  for (std::size_t d = 2; d < instance.dims.size(); ++d) instance.dims[d].in_set = true;
  instance.gamma = required(kOp, "in_scale", arguments, 0, k);
  instance.beta = required(kOp, "in_bias", arguments, 1, k);

  NormPart batch = channel_slice(arguments, k, channels - k);
  batch.label = "batch";
  batch.statistic = Statistic::Given;
  batch.gamma = required(kOp, "bn_scale", arguments, 2, channels - k);
  batch.beta = required(kOp, "bn_bias", arguments, 3, channels - k);
  batch.mean = required(kOp, "bn_mean", arguments, 4, channels - k);
  batch.variance = required(kOp, "bn_var", arguments, 5, channels - k);
  return {{}, {instance, batch}, {}, {}, 0.9};
}

}  // namespace

const NormDefinition instance_batch_normalization = {kOp,
                                                     "in_scale, in_bias, bn_scale, bn_bias, bn_mean, bn_var",
                                                     "spatial for the first channels; given for the rest",
                                                     "channel",
                                                     3,
                                                     5,
                                                     resolve};

}  // namespace bpusim::norms
