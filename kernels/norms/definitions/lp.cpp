// LpNormalization: division by the L1 or L2 norm along one axis. A zero norm gives zeros.
#include "kernels/norms/definitions/building_blocks.h"

namespace bpusim::norms {

namespace {

NormProblem resolve(const NormArguments& arguments) {
  const std::int64_t p = integer(arguments, "p");
  if (p != 1 && p != 2) refuse(arguments, "p = " + std::to_string(p) + "; only 1 and 2 are defined");
  NormPart part;
  part.statistic = p == 1 ? Statistic::L1 : Statistic::L2;
  part.epsilon_place = EpsilonPlace::None;
  part.epsilon = 0;
  part.dims = dims_of(arguments.shape);
  part.dims[resolve_axis(arguments, integer(arguments, "axis"))].in_set = true;
  return one_part(std::move(part));
}

}  // namespace

NormDefinition lp_normalization() {
  NormDefinition row;
  row.op = "LpNormalization";
  row.over = "one axis, L1 or L2 norm";
  row.affine = "none";
  row.attributes = {{"axis", -1}, {"p", 2}};
  row.examples = {{{1, 1}}, {{1, 1, 1}, {{"axis", 1}, {"p", 1}}}, {{1, 1, 1, 1}, {{"axis", 2}, {"p", 2}}}};
  row.kept_whole = "every opset has it; exporters write it out all the same";
  row.resolve = resolve;
  return row;
}

}  // namespace bpusim::norms
