// LayerNormalization, RMSNormalization and SimplifiedLayerNormalization: statistics over the last axes of
// each sample.
#include <stdexcept>

#include "kernels/norms/building_blocks.h"
#include "kernels/norms/definitions.h"

namespace bpusim::norms {

namespace {

NormProblem over_last_axes(const char* op, const NormArguments& arguments, Statistic statistic) {
  const auto axis = static_cast<std::size_t>(
      resolve_axis(op, arguments.attributes.get("axis", std::int64_t{-1}), arguments.shape));
  const Shape normalized(arguments.shape.begin() + static_cast<std::ptrdiff_t>(axis), arguments.shape.end());

  NormPart part;
  part.statistic = statistic;
  part.epsilon = arguments.attributes.get("epsilon", 1e-5);
  part.dims = dims_of(arguments.shape);
  std::vector<bool> indexed(part.dims.size(), false);
  for (std::size_t d = axis; d < part.dims.size(); ++d) part.dims[d].in_set = indexed[d] = true;
  index_affine(part.dims, indexed);
  part.gamma = broadcast(op, "Scale", arguments, 0, normalized);
  if (part.gamma.empty()) throw std::invalid_argument(std::string(op) + ": input Scale is missing");
  if (statistic == Statistic::MeanVariance) part.beta = broadcast(op, "B", arguments, 1, normalized);
  return {{}, {part}, {}, {}, 0.9};
}

NormProblem resolve_layer(const NormArguments& arguments) {
  return over_last_axes("LayerNormalization", arguments, Statistic::MeanVariance);
}

NormProblem resolve_rms(const NormArguments& arguments) {
  return over_last_axes("RMSNormalization", arguments, Statistic::MeanSquare);
}

NormProblem resolve_simplified(const NormArguments& arguments) {
  return over_last_axes("SimplifiedLayerNormalization", arguments, Statistic::MeanSquare);
}

}  // namespace

const NormDefinition layer_normalization = {
    "LayerNormalization", "Scale, B?", "axes [axis..rank) of a sample", "element of those axes", 1, 5,
    resolve_layer};
const NormDefinition rms_normalization = {
    "RMSNormalization", "scale", "axes [axis..rank), mean square", "element of those axes", 1, 5,
    resolve_rms};
const NormDefinition simplified_layer_normalization = {"SimplifiedLayerNormalization",
                                                       "scale",
                                                       "axes [axis..rank), mean square",
                                                       "element of those axes",
                                                       1,
                                                       5,
                                                       resolve_simplified};

}  // namespace bpusim::norms
