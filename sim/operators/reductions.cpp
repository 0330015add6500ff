// Reductions over axes: a mean over H and W is a pooling on the BPU, the rest runs on the CPU.
#include "kernels/tensor_math.h"
#include "kernels/tensor_shapes.h"
#include "sim/operators/families.h"
#include "sim/operators/pool_step.h"

namespace bpusim {

namespace {

bool keeps_dims(const Node& node) {
  return node.attributes.get("keepdims", std::int64_t{1}) != 0;
}

bool does_nothing(const Node& node, const std::vector<std::int64_t>& axes) {
  return axes.empty() && node.attributes.get("noop_with_empty_axes", std::int64_t{0}) != 0;
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  auto axes = node.attributes.get("axes", std::vector<std::int64_t>{});
  if (axes.empty() && inputs.size() > 1)
    for (const double v : inputs[1]->values) axes.push_back(static_cast<std::int64_t>(v));
  if (does_nothing(node, axes)) return {*inputs.at(0)};
  return {reduce(node.op, *inputs.at(0), axes, keeps_dims(node))};
}

std::vector<Shape> shapes(const Operation& operation) {
  const auto axes = operation.integers("axes", 1);
  if (does_nothing(operation.node, axes)) return {operation.shape()};
  return {reduced_shape(operation.shape(), axes, keeps_dims(operation.node))};
}

std::string obstacle(const Operation& operation) {
  auto axes = operation.integers("axes", 1);
  for (std::int64_t& axis : axes) axis += axis < 0 ? 4 : 0;
  const bool spatial = operation.node.op == "ReduceMean" && axes == std::vector<std::int64_t>{2, 3} &&
                       operation.shape().size() == 4;
  return spatial ? "" : "a " + operation.node.op + " that is no mean over H and W has no BPU lowering";
}

LoweredStep lower(StepLowering& s) {
  return lower_pool_step(s, resolve_pool("GlobalAveragePool", {}, s.shape(s.node.inputs[0])));
}

}  // namespace

std::vector<OperatorDefinition> operators::reductions() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                         "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.lower = lower;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
