// Softmax over rows on the vector unit.
#include <memory>

#include "kernels/softmax.h"
#include "kernels/tensor_math.h"
#include "sim/compile/elementwise_lowering.h"
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

// Elements of a row, and elements between its neighbours.
struct Rows {
  std::int64_t elements = 1, stride = 1;
};
Rows rows_of(const Node& node, const Shape& shape) {
  const std::size_t axis = axis_in(node, shape);
  Rows rows;
  for (std::size_t d = axis; d < shape.size(); ++d)
    (d == axis || flattens(node) ? rows.elements : rows.stride) *= shape[d];
  return rows;
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  if (!flattens(node)) return {softmax(x, static_cast<std::int64_t>(axis_in(node, x.shape)))};
  const std::int64_t elements = rows_of(node, x.shape).elements;
  Tensor y = softmax(Tensor({x.size() / elements, elements}, x.values), 1);
  y.shape = x.shape;
  return {y};
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host) {
  return kSoftmaxOps * ops_per_element(operation, outputs, host);
}

std::string obstacle(const Operation& operation) {
  return rows_of(operation.node, operation.shape()).stride == 1
             ? ""
             : "a Softmax that is not over the last axis has no BPU lowering";
}

LoweredStep lower(StepLowering& s) {
  LoweredStep lowered = s.begin("table");
  const TensorPlace &x = s.in(), &y = s.out();
  const auto plan = std::make_shared<SoftmaxPlan>(plan_softmax(x.grid, y.grid));
  const std::int64_t row = rows_of(s.node, s.shape(s.node.inputs[0])).elements;
  ElementwiseJob job;
  job.plan = *plan;
  job.rows = y.elements / row;
  job.row_elements = row;
  job.in = {{x.address, row}};
  job.out = {y.address, row};
  lowered.work.table_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"table"}, lowered.work, [&](const Way& way, const MachineParams& machine) {
        return lower_elementwise(s.step.name, {job}, machine, way.tile_bytes);
      }));
  lowered.ideal = [plan, row](const std::vector<Codes>& inputs) {
    return ideal_softmax(*plan, inputs[0], row);
  };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::softmaxes() {
  OperatorDefinition row;
  row.op = "Softmax";
  row.golden = golden;
  row.shapes = same_shape;
  row.host_ops = host_ops;
  row.obstacle = obstacle;
  row.lower = lower;
  return {row};
}

}  // namespace bpusim
