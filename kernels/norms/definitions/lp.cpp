// LpNormalization: division by the L1 or L2 norm along one axis. A zero norm gives zeros.
#include <stdexcept>

#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

constexpr const char* kOp = "LpNormalization";

NormProblem resolve(const NormArguments& arguments) {
  const std::int64_t p = arguments.attributes.get("p", std::int64_t{2});
  if (p != 1 && p != 2)
    throw std::invalid_argument("LpNormalization: p = " + std::to_string(p) + "; only 1 and 2 are defined");
  const std::int64_t axis =
      resolve_axis(kOp, arguments.attributes.get("axis", std::int64_t{-1}), arguments.shape);
  NormPart part;
  part.statistic = p == 1 ? Statistic::L1 : Statistic::L2;
  part.epsilon_place = EpsilonPlace::None;
  part.epsilon = 0;
  part.dims = dims_of(arguments.shape);
  part.dims[static_cast<std::size_t>(axis)].in_set = true;
  return {{}, {part}, {}, {}, 0.9};
}

}  // namespace

const NormDefinition lp_normalization = {kOp, "", "one axis, L1 or L2 norm", "none", 1, 5, resolve};

}  // namespace bpusim::norms
