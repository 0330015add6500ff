// GroupNormalization: statistics over a group's channels and the spatial axes.
// Opset 18 gives scale and bias per group; opset 21 gives them per channel.
#include <stdexcept>

#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

constexpr const char* kOp = "GroupNormalization";

NormProblem resolve(const NormArguments& arguments) {
  const std::int64_t channels = arguments.shape[1];
  const std::int64_t groups = arguments.attributes.get("num_groups", std::int64_t{0});
  if (groups < 1 || channels % groups != 0)
    throw std::invalid_argument("GroupNormalization: num_groups = " + std::to_string(groups) +
                                " must divide the " + std::to_string(channels) + " channels");
  Shape grouped = {arguments.shape[0], groups, channels / groups};
  grouped.insert(grouped.end(), arguments.shape.begin() + 2, arguments.shape.end());

  NormPart part;
  part.epsilon = arguments.attributes.get("epsilon", 1e-5);
  part.dims = dims_of(grouped);
  for (std::size_t d = 2; d < part.dims.size(); ++d) part.dims[d].in_set = true;
  std::vector<bool> indexed(part.dims.size(), false);
  indexed[1] = true;
  indexed[2] = arguments.opset >= 21;
  const std::int64_t entries = index_affine(part.dims, indexed);
  part.gamma = required(kOp, "scale", arguments, 0, entries);
  part.beta = required(kOp, "bias", arguments, 1, entries);
  return {{}, {part}, {}, {}, 0.9};
}

}  // namespace

const NormDefinition group_normalization = {
    kOp, "scale, bias", "channels of a group and spatial", "channel (opset 21), group (opset 18)", 3,
    5,   resolve};

}  // namespace bpusim::norms
