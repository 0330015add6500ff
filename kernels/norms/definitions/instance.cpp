// InstanceNormalization: statistics over the spatial axes of each channel of each sample.
#include "kernels/norms/definitions/building_blocks.h"

namespace bpusim::norms {

namespace {

NormProblem resolve(const NormArguments& arguments) {
  NormPart part;
  part.epsilon = number(arguments, "epsilon");
  part.dims = dims_of(arguments.shape);
  for (std::size_t d = 2; d < part.dims.size(); ++d) part.dims[d].in_set = true;
  part.dims[1].affine_stride = 1;
  part.gamma = arguments.constants[0].values;
  part.beta = arguments.constants[1].values;
  return one_part(std::move(part));
}

}  // namespace

NormDefinition instance_normalization() {
  NormDefinition row;
  row.op = "InstanceNormalization";
  row.over = "spatial";
  row.affine = "channel";
  row.min_rank = 3;
  row.constants = {{"scale", NormRole::Scale, per_channel}, {"B", NormRole::Bias, per_channel}};
  row.attributes = {{"epsilon", 1e-5}};
  row.examples = {{{1, 1, 1}}, {{1, 1, 1, 1}}};
  row.kept_whole = "every opset has it: use torch.nn.InstanceNorm2d in place of own arithmetic";
  row.resolve = resolve;
  return row;
}

}  // namespace bpusim::norms
