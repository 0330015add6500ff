// LayerNormalization, RMSNormalization and SimplifiedLayerNormalization: statistics over the last axes of
// each sample. Beyond ONNX, `axes` lists other axes, such as [1] for the channels of each pixel.
#include <algorithm>
#include <stdexcept>

#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/definitions/definitions.h"

namespace bpusim::norms {

namespace {

// The axes of the sets: [axis, rank) as ONNX has it, or those that our own attribute `axes` lists.
std::vector<bool> set_axes(const char* op, const NormArguments& arguments) {
  std::vector<bool> in_set(arguments.shape.size(), false);
  const auto listed = arguments.attributes.get("axes", std::vector<std::int64_t>{});
  for (const std::int64_t axis : listed)
    in_set[static_cast<std::size_t>(resolve_axis(op, axis, arguments.shape))] = true;
  if (!listed.empty()) return in_set;
  const std::int64_t first =
      resolve_axis(op, arguments.attributes.get("axis", std::int64_t{-1}), arguments.shape);
  std::fill(in_set.begin() + static_cast<std::ptrdiff_t>(first), in_set.end(), true);
  return in_set;
}

// Scale and bias are by the elements of those axes.
NormProblem over_axes(const char* op, const NormArguments& arguments, Statistic statistic) {
  const std::vector<bool> in_set = set_axes(op, arguments);
  NormPart part;
  part.statistic = statistic;
  part.epsilon = arguments.attributes.get("epsilon", 1e-5);
  part.dims = dims_of(arguments.shape);
  Shape normalized;
  for (std::size_t d = 0; d < part.dims.size(); ++d) {
    part.dims[d].in_set = in_set[d];
    if (in_set[d]) normalized.push_back(arguments.shape[d]);
  }
  index_affine(part.dims, in_set);
  part.gamma = broadcast(op, "Scale", arguments, 0, normalized);
  if (part.gamma.empty()) throw std::invalid_argument(std::string(op) + ": input Scale is missing");
  if (statistic == Statistic::MeanVariance) part.beta = broadcast(op, "B", arguments, 1, normalized);
  return {{}, {part}, {}, {}, 0.9};
}

NormProblem resolve_layer(const NormArguments& arguments) {
  return over_axes("LayerNormalization", arguments, Statistic::MeanVariance);
}

NormProblem resolve_rms(const NormArguments& arguments) {
  return over_axes("RMSNormalization", arguments, Statistic::MeanSquare);
}

NormProblem resolve_simplified(const NormArguments& arguments) {
  return over_axes("SimplifiedLayerNormalization", arguments, Statistic::MeanSquare);
}

}  // namespace

const NormDefinition layer_normalization = {"LayerNormalization",
                                            "Scale, B?",
                                            "axes [axis..rank) of a sample, or those of axes",
                                            "element of those axes",
                                            1,
                                            5,
                                            resolve_layer};
const NormDefinition rms_normalization = {
    "RMSNormalization", "scale", "axes [axis..rank) or axes, mean square", "element of those axes", 1, 5,
    resolve_rms};
const NormDefinition simplified_layer_normalization = {"SimplifiedLayerNormalization",
                                                       "scale",
                                                       "axes [axis..rank) or axes, mean square",
                                                       "element of those axes",
                                                       1,
                                                       5,
                                                       resolve_simplified};

}  // namespace bpusim::norms
