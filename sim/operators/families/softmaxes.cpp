// Softmax and LogSoftmax over rows on the vector unit.
#include <memory>

#include "kernels/tensor/tensor_math.h"
#include "kernels/vector/softmax.h"
#include "sim/lowering/softmax.h"
#include "sim/operators/families.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

namespace {

constexpr double kSoftmaxOps = 20;  // largest, a polynomial exponential, sum, division; assumption

// Before opset 13 all dimensions from the axis on are one row, and the default axis is 1.
bool flattens(const Node& node) {
  return node.opset < 13;
}

std::size_t axis_in(const Node& node, const Shape& shape) {
  return axis_of(node, "axis", flattens(node) ? 1 : -1, shape.size());
}

SoftmaxRowShape rows_of(const Node& node, const Shape& shape) {
  const std::size_t axis = axis_in(node, shape);
  SoftmaxRowShape rows;
  for (std::size_t d = axis; d < shape.size(); ++d)
    (d == axis || flattens(node) ? rows.elements : rows.stride) *= shape[d];
  return rows;
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  if (x.values.empty()) return one(x);  // a list of the shape arithmetic that came out empty
  const auto function = node.op == "LogSoftmax" ? log_softmax : softmax;
  if (!flattens(node)) return one(function(x, static_cast<std::int64_t>(axis_in(node, x.shape))));
  const std::int64_t elements = rows_of(node, x.shape).elements;
  Tensor y = function(Tensor({x.size() / elements, elements}, x.values), 1);
  y.shape = x.shape;
  return one(std::move(y));
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host) {
  return kSoftmaxOps * ops_per_element(operation, outputs, host);
}

LoweredStep lower(StepLowering& s) {
  LoweredStep lowered = s.begin("table");
  const TensorPlace &x = s.in(), &y = s.out();
  const auto plan = std::make_shared<SoftmaxPlan>(plan_softmax(x.grid, y.grid, s.node.op == "LogSoftmax"));
  const SoftmaxRowShape shape = rows_of(s.node, s.shape(s.node.inputs[0]));
  lowered.work.table_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"table"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_softmax(s.step.name, *plan, y.elements / shape.elements, shape, x.address, y.address,
                             machine, choice.tile_bytes);
      }));
  lowered.ideal = [plan, shape](const std::vector<Codes>& inputs) {
    return ideal_softmax(*plan, inputs[0], shape);
  };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::softmaxes() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden;
    row.shapes = same_shape;
    row.host_ops = host_ops;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "vector unit";
    row.arithmetic = "exponentials by table, exact sum; one division, or the sum's logarithm by table";
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
