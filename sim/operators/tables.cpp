#include "sim/operators/tables.h"

#include "sim/compile/elementwise_lowering.h"
#include "sim/operators/families.h"

namespace bpusim {

RealFunction function_of(const Operation& operation) {
  return unary_function(operation.node.op, operation.node.attributes, operation.constants());
}

LoweredStep lower_lookup(const StepLowering& s, const std::string& input, const RealFunction& function) {
  LoweredStep lowered = s.begin("table");
  const TensorPlace &x = s.place(input), &y = s.out();
  ElementwiseJob job;
  job.plan = s.context.function ? plan_lookup(function, x.grid, y.grid) : LookupPlan{x.grid, y.grid, {}, {}};
  job.row_elements = y.elements;
  job.in = {{x.address, x.elements}};
  job.out = {y.address, y.elements};
  lowered.work.table_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"table"}, lowered.work, [&](const Way& way, const MachineParams& machine) {
        return lower_elementwise(s.step.name, {job}, machine, way.tile_bytes);
      }));
  lowered.ideal = [function, in = x.grid, out = y.grid](const std::vector<Codes>& inputs) {
    Codes ideal;
    ideal.reserve(inputs[0].size());
    for (const std::int64_t code : inputs[0]) ideal.push_back(quantise(function(dequantise(code, in)), out));
    return ideal;
  };
  return lowered;
}

namespace {

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < inputs.size(); ++i) constants.push_back(*inputs[i]);
  const RealFunction function = unary_function(node.op, node.attributes, constants);
  Tensor y = *inputs.at(0);
  for (double& v : y.values) v = function(v);
  return {y};
}

// A function whose parameters are computed is none of one element.
std::string obstacle(const Operation& operation) {
  return operation.tensors.size() == 1 ? ""
                                       : "a " + operation.node.op + " of several tensors has no BPU lowering";
}

LoweredStep lower(StepLowering& s) {
  return lower_lookup(s, s.node.inputs.at(0), function_of(s.operation()));
}

}  // namespace

std::vector<OperatorDefinition> operators::tables() {
  std::vector<OperatorDefinition> rows;
  for (const UnaryDefinition& unary : unary_registry()) {
    if (std::string(unary.op) == "Pow") continue;  // of two operands: elementwise
    OperatorDefinition row;
    row.op = unary.op;
    row.golden = golden;
    row.shapes = same_shape;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "vector unit";
    row.arithmetic = "table of 256 codes, exact";
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
