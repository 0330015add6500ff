// LayerNormalization, RMSNormalization and SimplifiedLayerNormalization: statistics over the last axes of
// each sample. Beyond ONNX, `axes` lists other axes, such as [1] for the channels of each pixel.
#include <algorithm>

#include "kernels/norms/definitions/building_blocks.h"

namespace bpusim::norms {

namespace {

// The axes of the sets: [axis, rank) as ONNX has it, or those that our own attribute `axes` lists.
std::vector<bool> set_axes(const NormArguments& arguments) {
  std::vector<bool> in_set(arguments.shape.size(), false);
  const auto& listed = integers(arguments, "axes");
  for (const std::int64_t axis : listed) in_set[resolve_axis(arguments, axis)] = true;
  if (!listed.empty()) return in_set;
  const std::size_t first = resolve_axis(arguments, integer(arguments, "axis"));
  std::fill(in_set.begin() + static_cast<std::ptrdiff_t>(first), in_set.end(), true);
  return in_set;
}

// The axes that scale and bias are indexed by: those of the sets, and those before them at which one of the
// two has entries, since ONNX broadcasts both to X.
std::vector<bool> affine_axes(const NormArguments& arguments) {
  std::vector<bool> indexed = set_axes(arguments);
  if (!integers(arguments, "axes").empty()) return indexed;
  for (const Tensor& constant : arguments.constants) {
    const std::size_t rank = std::min(constant.shape.size(), indexed.size());
    for (std::size_t back = 1; back <= rank && !constant.values.empty(); ++back)
      if (constant.shape[constant.shape.size() - back] != 1) indexed[indexed.size() - back] = true;
  }
  return indexed;
}

// Scale and bias are by the elements of those axes; where others count too, in X's rank.
Shape per_element(const NormArguments& arguments) {
  const std::vector<bool> in_set = set_axes(arguments), indexed = affine_axes(arguments);
  Shape entries;
  for (std::size_t d = 0; d < indexed.size(); ++d)
    if (indexed[d] || indexed != in_set) entries.push_back(indexed[d] ? arguments.shape[d] : 1);
  return entries;
}

NormPart over_axes(const NormArguments& arguments) {
  const std::vector<bool> in_set = set_axes(arguments);
  NormPart part;
  part.epsilon = number(arguments, "epsilon");
  part.dims = dims_of(arguments.shape);
  for (std::size_t d = 0; d < part.dims.size(); ++d) part.dims[d].in_set = in_set[d];
  index_affine(part.dims, affine_axes(arguments));
  part.gamma = arguments.constants[0].values;
  return part;
}

NormProblem resolve_layer(const NormArguments& arguments) {
  NormPart part = over_axes(arguments);
  part.beta = arguments.constants[1].values;
  return one_part(std::move(part));
}

NormProblem resolve_rms(const NormArguments& arguments) {
  NormPart part = over_axes(arguments);
  part.statistic = Statistic::MeanSquare;
  return one_part(std::move(part));
}

NormConstant by_element(const char* name, NormRole role) {
  NormConstant constant;
  constant.name = name;
  constant.role = role;
  constant.shape = per_element;
  constant.broadcasts = true;
  return constant;
}

// What the three have in common.
NormDefinition over_last_axes() {
  NormDefinition row;
  row.affine = "element of those axes";
  row.attributes = {{"axis", -1}, {"axes", std::vector<std::int64_t>{}}, {"epsilon", 1e-5}};
  row.examples = {{{1, 1}},
                  {{1, 1, 1}, {{"axis", 1}}},
                  {{1, 1, 1, 1}, {{"axis", 2}}},
                  {{1, 1, 1, 1}, {}, {{"axes", {1}}}}};
  return row;
}

}  // namespace

NormDefinition layer_normalization() {
  NormDefinition row = over_last_axes();
  row.op = "LayerNormalization";
  row.over = "axes [axis..rank) of a sample, or those of axes";
  row.constants = {by_element("Scale", NormRole::Scale), by_element("B", NormRole::Bias)};
  row.constants[1].optional = true;
  row.outputs = {NormOutput::Mean, NormOutput::InverseDeviation};
  row.kept_whole = "opset 17 keeps it whole: torch.onnx.export(..., opset_version=17)";
  row.resolve = resolve_layer;
  return row;
}

NormDefinition rms_normalization() {
  NormDefinition row = over_last_axes();
  row.op = "RMSNormalization";
  row.over = "axes [axis..rank) or axes, mean square";
  row.constants = {by_element("scale", NormRole::Scale)};
  row.kept_whole = "opset 23 keeps it whole: torch.onnx.export(..., opset_version=23)";
  row.resolve = resolve_rms;
  return row;
}

NormDefinition simplified_layer_normalization() {
  NormDefinition row = over_last_axes();
  row.op = "SimplifiedLayerNormalization";
  row.over = "axes [axis..rank) or axes, mean square";
  row.constants = {by_element("scale", NormRole::Scale)};
  row.outputs = {NormOutput::InverseDeviation};
  row.resolve = resolve_rms;
  return row;
}

}  // namespace bpusim::norms
