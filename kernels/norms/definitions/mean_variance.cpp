// MeanVarianceNormalization: any axes, no affine; the ONNX function adds 1e-9 to the standard deviation.
#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

constexpr const char* kOp = "MeanVarianceNormalization";

NormProblem resolve(const NormArguments& arguments) {
  NormPart part;
  part.epsilon_place = EpsilonPlace::OnDeviation;
  part.epsilon = 1e-9;
  part.dims = dims_of(arguments.shape);
  for (const std::int64_t axis : arguments.attributes.get("axes", std::vector<std::int64_t>{0, 2, 3}))
    part.dims[static_cast<std::size_t>(resolve_axis(kOp, axis, arguments.shape))].in_set = true;
  return {{}, {part}, {}, {}, 0.9};
}

}  // namespace

const NormDefinition mean_variance_normalization = {kOp, "", "axes, default 0, 2, 3", "none", 1, 5, resolve};

}  // namespace bpusim::norms
