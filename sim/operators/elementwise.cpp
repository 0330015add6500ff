// Operators of two operands with broadcasting, and Relu.
#include <memory>
#include <optional>
#include <stdexcept>

#include "kernels/tensor_math.h"
#include "sim/compile/elementwise_lowering.h"
#include "sim/operators/families.h"
#include "sim/operators/tables.h"

namespace bpusim {

namespace {

// How the smaller operand meets the larger: as `rows` rows of `row` elements, where each row takes one
// element (per_row), or all rows take the same `row` elements, or both are equally large.
struct BroadcastRows {
  std::int64_t rows = 0, row = 0;  // 0 rows: it broadcasts in more than one stretch
  std::int64_t repeat = 1;         // the larger consists of so many such blocks
  bool per_row = false, full = false;
};

BroadcastRows broadcast_rows(const Shape& large, const Shape& small) {
  if (element_count(large) == element_count(small)) return {1, element_count(large), 1, false, true};
  Shape b(large.size() - std::min(large.size(), small.size()), 1);
  b.insert(b.end(), small.begin(), small.end());
  if (b.size() != large.size()) return {};
  // The stretch of dimensions that the small one has; ones around it.
  std::size_t first = 0, last = large.size();
  while (first < last && b[first] == 1) ++first;
  while (last > first && b[last - 1] == 1) --last;
  std::int64_t outer = 1, middle = 1, inner = 1;
  for (std::size_t d = 0; d < large.size(); ++d) {
    if (d >= first && d < last && b[d] != large[d]) return {};
    (d < first ? outer : d < last ? middle : inner) *= large[d];
  }
  if (inner == 1) return {outer, middle, 1, false, false};
  return {middle, inner, outer, true, false};
}

std::optional<ElementwiseKind> vector_kind(const std::string& op) {
  if (op == "Add") return ElementwiseKind::Add;
  if (op == "Sub") return ElementwiseKind::Sub;
  if (op == "Mul") return ElementwiseKind::Mul;
  return std::nullopt;
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.empty()) throw std::invalid_argument(node.op + ": has no input");
  if (node.op == "Mod" && node.attributes.get("fmod", std::int64_t{0}) != 0)
    throw std::invalid_argument("Mod: the remainder with the sign of the dividend (fmod) is not supported");
  Tensor y = *inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) y = binary(node.op, y, *inputs[i]);
  return {y};
}

std::vector<Shape> shapes(const Operation& operation) {
  Shape shape = operation.shape(0);
  for (std::size_t i = 1; i < operation.shapes.size(); ++i)
    shape = broadcast_shape(shape, operation.shape(i));
  return {shape};
}

std::string obstacle(const Operation& operation) {
  const std::string& op = operation.node.op;
  if (operation.node.inputs.size() != 2) return "a " + op + " of more than two operands has no BPU lowering";
  if (operation.tensors.size() == 1) {  // a scalar beside a tensor: a table
    const bool known = operation.values[0] != nullptr || operation.values[1] != nullptr;
    return known || operation.constant[0] != 0 || operation.constant[1] != 0
               ? ""
               : "operands without values have no BPU lowering";
  }
  if (!vector_kind(op)) return "a " + op + " of two tensors has no BPU lowering";
  const Shape &a = operation.shape(0), &b = operation.shape(1);
  const bool swap = element_count(a) < element_count(b);
  if (swap && op == "Sub") return "a Sub whose first operand is broadcast has no BPU lowering";
  return broadcast_rows(swap ? b : a, swap ? a : b).rows > 0
             ? ""
             : "operands that broadcast in more than one stretch have no BPU lowering";
}

// A tensor and a constant scalar: a function of one element.
LoweredStep lower_scalar(const StepLowering& s) {
  const Operation operation = s.operation();
  const bool tensor_first = operation.tensors[0] == s.node.inputs[0];
  const Tensor* constant = operation.values[tensor_first ? 1 : 0];
  const double scalar = constant == nullptr ? 1.0 : constant->values.at(0);
  return lower_lookup(s, operation.tensors[0], [op = s.node.op, scalar, tensor_first](double x) {
    const Tensor value({}, {x}), other({}, {scalar});
    return (tensor_first ? binary(op, value, other) : binary(op, other, value)).values[0];
  });
}

// Two operands, of which the smaller may repeat: by row, by column, or block by block.
LoweredStep lower(StepLowering& s) {
  if (operands_of(s.node, s.context.network).size() == 1) return lower_scalar(s);
  LoweredStep lowered = s.begin("streaming");
  const bool swap = element_count(s.shape(s.node.inputs[0])) < element_count(s.shape(s.node.inputs[1]));
  const std::string &first = s.node.inputs[swap ? 1 : 0], &second = s.node.inputs[swap ? 0 : 1];
  const TensorPlace &a = s.place(first), &b = s.place(second), &y = s.out();
  const BroadcastRows rows = broadcast_rows(s.shape(first), s.shape(second));
  const auto plan = std::make_shared<ElementwisePlan>(plan_elementwise(
      *vector_kind(s.node.op), {a.grid, b.grid}, y.grid, s.sum_multiplier_bits(), s.rounding()));
  std::vector<ElementwiseJob> jobs;
  for (std::int64_t block = 0; block < rows.repeat; ++block) {
    const std::int64_t at = block * rows.rows * rows.row;
    ElementwiseJob job;
    job.plan = *plan;
    job.rows = rows.rows;
    job.row_elements = rows.row;
    job.second = rows.full ? Operand::Full : rows.per_row ? Operand::PerRow : Operand::PerColumn;
    job.in = {{a.address + at * byte_size(a.grid.dtype), rows.row}, {b.address, rows.per_row ? 1 : rows.row}};
    job.out = {y.address + at * byte_size(y.grid.dtype), rows.row};
    jobs.push_back(job);
  }
  lowered.work.vector_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const Way& way, const MachineParams& machine) {
        return lower_elementwise(s.step.name, jobs, machine, way.tile_bytes);
      }));
  Broadcast broadcast;
  if (!rows.full) broadcast = rows.per_row ? Broadcast{rows.row, rows.rows} : Broadcast{1, rows.row};
  lowered.ideal = [plan, broadcast, swap](const std::vector<Codes>& inputs) {
    return ideal_elementwise(*plan, swap ? std::vector<Codes>{inputs[1], inputs[0]} : inputs, broadcast);
  };
  return lowered;
}

std::vector<Tensor> golden_relu(const Node&, const Inputs& inputs) {
  Tensor y = *inputs.at(0);
  for (double& v : y.values) v = std::max(v, 0.0);
  return {y};
}

LoweredStep lower_relu(StepLowering& s) {
  LoweredStep lowered = s.begin("streaming");
  const TensorPlace &x = s.in(), &y = s.out();
  const auto plan = std::make_shared<ElementwisePlan>(
      plan_elementwise(ElementwiseKind::Relu, {x.grid}, y.grid, s.sum_multiplier_bits(), s.rounding()));
  ElementwiseJob job;
  job.plan = *plan;
  job.row_elements = y.elements;
  job.in = {{x.address, x.elements}};
  job.out = {y.address, y.elements};
  lowered.work.vector_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const Way& way, const MachineParams& machine) {
        return lower_elementwise(s.step.name, {job}, machine, way.tile_bytes);
      }));
  lowered.ideal = [plan](const std::vector<Codes>& inputs) { return ideal_elementwise(*plan, inputs); };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::elementwise() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu", "Mod", "Equal", "Less",
                         "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor"}) {
    OperatorDefinition row;
    row.op = op;
    row.operands = Operands::Several;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.lower = lower;
    rows.push_back(std::move(row));
  }
  OperatorDefinition relu;
  relu.op = "Relu";
  relu.golden = golden_relu;
  relu.shapes = same_shape;
  relu.host_ops = ops_per_element;
  relu.lower = lower_relu;
  rows.push_back(std::move(relu));
  return rows;
}

}  // namespace bpusim
