// InstanceNormalization: statistics over the spatial axes of each channel of each sample.
#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

constexpr const char* kOp = "InstanceNormalization";

NormProblem resolve(const NormArguments& arguments) {
  NormPart part;
  part.epsilon = arguments.attributes.get("epsilon", 1e-5);
  part.dims = dims_of(arguments.shape);
  for (std::size_t d = 2; d < part.dims.size(); ++d) part.dims[d].in_set = true;
  part.dims[1].affine_stride = 1;
  part.gamma = required(kOp, "scale", arguments, 0, arguments.shape[1]);
  part.beta = required(kOp, "B", arguments, 1, arguments.shape[1]);
  return {{}, {part}, {}, {}, 0.9};
}

}  // namespace

const NormDefinition instance_normalization = {kOp, "scale, B", "spatial", "channel", 3, 5, resolve};

}  // namespace bpusim::norms
