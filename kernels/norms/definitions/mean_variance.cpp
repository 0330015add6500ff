// MeanVarianceNormalization: any axes, no affine; the ONNX function adds 1e-9 to the standard deviation.
#include "kernels/norms/definitions/building_blocks.h"

namespace bpusim::norms {

namespace {

NormProblem resolve(const NormArguments& arguments) {
  NormPart part;
  part.epsilon_place = EpsilonPlace::OnDeviation;
  part.epsilon = 1e-9;
  part.dims = dims_of(arguments.shape);
  for (const std::int64_t axis : integers(arguments, "axes"))
    part.dims[resolve_axis(arguments, axis)].in_set = true;
  return one_part(std::move(part));
}

}  // namespace

NormDefinition mean_variance_normalization() {
  NormDefinition row;
  row.op = "MeanVarianceNormalization";
  row.over = "axes, default 0, 2, 3";
  row.affine = "none";
  row.attributes = {{"axes", std::vector<std::int64_t>{0, 2, 3}}};
  row.examples = {{{1, 1, 1, 1}}, {{1, 1, 1}, {}, {{"axes", {0, 2}}}}, {{1, 1, 1, 1}, {}, {{"axes", {1}}}}};
  row.kept_whole = "opset 9 has it; exporters write it out all the same";
  row.resolve = resolve;
  return row;
}

}  // namespace bpusim::norms
