// GroupNormalization: statistics over a group's channels and the spatial axes.
// Opset 18 gives scale and bias per group; opset 21 gives them per channel.
#include "kernels/norms/definitions/building_blocks.h"

namespace bpusim::norms {

namespace {

std::int64_t groups_of(const NormArguments& arguments) {
  const std::int64_t channels = arguments.shape[1];
  const std::int64_t groups = integer(arguments, "num_groups");
  if (groups < 1 || channels % groups != 0)
    refuse(arguments, "num_groups = " + std::to_string(groups) + " must divide the " +
                          std::to_string(channels) + " channels");
  return groups;
}

bool affine_per_channel(const NormArguments& arguments) {
  return arguments.opset >= 21;
}

// The other opset's form is the usual mistake.
void check_form(const NormArguments& arguments, std::int64_t groups) {
  const std::int64_t channels = arguments.shape[1];
  const std::int64_t other = affine_per_channel(arguments) ? groups : channels;
  for (const Tensor& constant : arguments.constants) {
    if (channels == groups || constant.values.empty() || constant.size() != other) continue;
    const std::string opset = "the model has opset " + std::to_string(arguments.opset);
    refuse(arguments, affine_per_channel(arguments)
                          ? "scale and bias have a value a group (" + std::to_string(groups) +
                                "), as before opset 21; " + opset + ", which takes one a channel (" +
                                std::to_string(channels) + ")"
                          : "scale and bias have a value a channel (" + std::to_string(channels) +
                                "), as opset 21 takes them; " + opset + ", which takes one a group (" +
                                std::to_string(groups) + "): export it with opset 21");
  }
}

Shape per_channel_or_group(const NormArguments& arguments) {
  const std::int64_t groups = groups_of(arguments);
  check_form(arguments, groups);
  return {affine_per_channel(arguments) ? arguments.shape[1] : groups};
}

NormProblem resolve(const NormArguments& arguments) {
  const std::int64_t groups = groups_of(arguments);
  Shape grouped = {arguments.shape[0], groups, arguments.shape[1] / groups};
  grouped.insert(grouped.end(), arguments.shape.begin() + 2, arguments.shape.end());

  NormPart part;
  part.epsilon = number(arguments, "epsilon");
  part.dims = dims_of(grouped);
  for (std::size_t d = 2; d < part.dims.size(); ++d) part.dims[d].in_set = true;
  std::vector<bool> indexed(part.dims.size(), false);
  indexed[1] = true;
  indexed[2] = affine_per_channel(arguments);
  index_affine(part.dims, indexed);
  part.gamma = arguments.constants[0].values;
  part.beta = arguments.constants[1].values;
  return one_part(std::move(part));
}

}  // namespace

NormDefinition group_normalization() {
  NormDefinition row;
  row.op = "GroupNormalization";
  row.over = "channels of a group and spatial";
  row.affine = "channel (opset 21), group (opset 18)";
  row.min_rank = 2;
  row.constants = {{"scale", NormRole::Scale, per_channel_or_group},
                   {"bias", NormRole::Bias, per_channel_or_group}};
  row.attributes = {{"num_groups", 0, true}, {"epsilon", 1e-5}};
  row.examples = {{{1, 2, 1}, {{"num_groups", 2}}},
                  {{1, 3, 1, 1}, {{"num_groups", 3}}},
                  {{1, 1, 1, 1}, {{"num_groups", 1}}}};
  row.kept_whole =
      "opset 21 keeps it whole (18 with a gamma a group): torch.onnx.export(..., opset_version=21)";
  row.in_parts = "export GroupNormalization whole (" + row.kept_whole + ")";
  row.resolve = resolve;
  return row;
}

}  // namespace bpusim::norms
