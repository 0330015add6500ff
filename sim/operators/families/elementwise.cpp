// Operators of two operands with broadcasting, and Relu.
#include "sim/lowering/elementwise.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/view.h"
#include "sim/operators/broadcast.h"
#include "sim/operators/families.h"
#include "sim/operators/families/tables.h"

namespace bpusim {

namespace {

constexpr std::size_t kMostBlocks = 4096;  // of a broadcast, each with commands of its own

std::optional<ElementwiseKind> vector_kind(const std::string& op, bool swap) {
  if (op == "Add" || op == "Sum" || op == "Mean") return ElementwiseKind::Add;
  if (op == "Sub") return swap ? ElementwiseKind::ReverseSub : ElementwiseKind::Sub;
  if (op == "Mul") return ElementwiseKind::Mul;
  if (op == "Div") return swap ? ElementwiseKind::ReverseDiv : ElementwiseKind::Div;
  if (op == "Min") return ElementwiseKind::Min;
  if (op == "Max") return ElementwiseKind::Max;
  if (op == "PRelu" && !swap) return ElementwiseKind::PRelu;
  return std::nullopt;
}

// What a Mean divides its sum by: the number of its operands, or what a chain of Means leaves to this one.
double divisor_of(const Node& node) {
  if (node.op != "Mean") return 1;
  return static_cast<double>(node.attributes.get("divisor", static_cast<std::int64_t>(node.inputs.size())));
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.empty()) throw std::invalid_argument(node.op + ": has no input");
  const bool c_remainder = node.op == "Mod" && node.attributes.get("fmod", std::int64_t{0}) != 0;
  const std::string op = node.op == "Sum" || node.op == "Mean" ? "Add" : c_remainder ? "FMod" : node.op;
  Tensor y = *inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) y = binary(op, y, *inputs[i]);
  if (const double divisor = divisor_of(node); divisor != 1)
    for (double& v : y.values) v /= divisor;
  return one(std::move(y));
}

std::vector<Shape> shapes(const Operation& operation) {
  Shape shape = operation.shape(0);
  for (std::size_t i = 1; i < operation.shapes.size(); ++i)
    shape = broadcast_shape(shape, operation.shape(i));
  // The slope stretches to its input, never the other way round.
  if (operation.node.op == "PRelu" && shape != operation.shape(0))
    throw std::invalid_argument("PRelu: slope of shape " + to_string(operation.shape(1)) +
                                " does not broadcast to input " + to_string(operation.shape(0)));
  return {shape};
}

// Comparisons are true or false; arithmetic with a float is one.
DType type(const Operation& operation, std::size_t) {
  if (is_comparison(operation.node.op)) return DType::Bool;
  const auto& dtypes = operation.dtypes;
  const bool real = std::find(dtypes.begin(), dtypes.end(), DType::Float32) != dtypes.end();
  return real || dtypes.empty() ? DType::Float32 : dtypes.front();
}

std::string obstacle(const Operation& operation) {
  const std::string& op = operation.node.op;
  if (operation.node.inputs.size() != 2)
    return "a " + op + " of " + std::to_string(operation.node.inputs.size()) +
           " operands has no BPU lowering";
  if (operation.tensors.size() == 1) {  // a scalar beside a tensor: a table
    const bool known = operation.known(0) || operation.known(1);
    return known || operation.constant[0] != 0 || operation.constant[1] != 0
               ? ""
               : "operands without values have no BPU lowering";
  }
  const BroadcastBlocks blocks = broadcast_blocks(operation.shape(0), operation.shape(1));
  if (!vector_kind(op, blocks.swap)) return "a " + op + " of two tensors has no BPU lowering";
  return blocks.blocks.size() <= kMostBlocks
             ? ""
             : "operands that broadcast in " + std::to_string(blocks.blocks.size()) +
                   " stretches have no BPU lowering";
}

// A tensor and a constant scalar: a function of one element.
LoweredStep lower_scalar(StepLowering& s) {
  const Operation operation = s.operation();
  if (is_function(operation)) return lower_lookup(s, operation.tensors[0], function_of(operation));
  const bool tensor_first = operation.tensors[0] == s.node.inputs[0];
  const std::size_t constant = tensor_first ? 1 : 0;
  const double scalar = operation.known(constant) ? operation.value(constant).values.at(0) : 1.0;
  const auto rows = [node = s.node, scalar, tensor_first](double* values, std::int64_t count) {
    const Tensor tensor({count}, {values, values + count}), other({}, {scalar});
    const Tensor y = golden(node, tensor_first ? Inputs{&tensor, &other} : Inputs{&other, &tensor})[0];
    std::copy(y.values.begin(), y.values.end(), values);
  };
  return lower_lookup(s, operation.tensors[0], RealFunction::of_rows(rows));
}

// A copy of the codes for each element of the output.
Codes expanded(const Codes& codes, const Shape& shape, const Shape& output) {
  if (shape == output) return codes;
  const Tensor target({static_cast<std::int64_t>(output.size())},
                      std::vector<double>(output.begin(), output.end()));
  const auto values = apply_view(resolve_view("Expand", {}, shape, {target}),
                                 std::vector<double>(codes.begin(), codes.end()));
  return {values.begin(), values.end()};
}

std::vector<ElementwiseJob> jobs_of(const BroadcastBlocks& blocks, const ElementwisePlan& plan,
                                    const TensorPlace& lead, const TensorPlace& other, const TensorPlace& y) {
  std::vector<ElementwiseJob> jobs;
  for (const auto& [lead_at, other_at] : blocks.blocks) {
    ElementwiseJob job;
    job.plan = plan;
    job.rows = blocks.rows;
    job.row_elements = blocks.row;
    job.second = blocks.second;
    job.in = {{lead.address + lead_at * byte_size(lead.grid.dtype), blocks.lead_stride},
              {other.address + other_at * byte_size(other.grid.dtype), blocks.other_stride}};
    const std::int64_t done = static_cast<std::int64_t>(jobs.size()) * blocks.rows * blocks.row;
    job.out = {y.address + done * byte_size(y.grid.dtype), blocks.row};
    jobs.push_back(std::move(job));
  }
  return jobs;
}

LoweredStep lower(StepLowering& s) {
  if (operands_of(s.node, s.context.network).size() == 1) return lower_scalar(s);
  LoweredStep lowered = s.begin("streaming");
  const Shape first = s.shape(s.node.inputs[0]), second = s.shape(s.node.inputs[1]),
              output = s.shape(s.node.outputs[0]);
  const BroadcastBlocks blocks = broadcast_blocks(first, second);
  const TensorPlace &lead = s.in(blocks.swap ? 1 : 0), &other = s.in(blocks.swap ? 0 : 1), &y = s.out();
  Quantisation onto = y.grid;
  onto.scale *= divisor_of(s.node);  // a sum on a grid that is so much coarser is the mean's code
  const auto plan = std::make_shared<ElementwisePlan>(
      plan_elementwise(*vector_kind(s.node.op, blocks.swap), {lead.grid, other.grid}, onto,
                       s.sum_multiplier_bits(), s.rounding()));
  const auto jobs = jobs_of(blocks, *plan, lead, other, y);
  lowered.work.vector_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_elementwise(s.step.name, jobs, machine, choice.tile_bytes);
      }));
  lowered.ideal = [plan, first, second, output, swap = blocks.swap](const std::vector<Codes>& inputs) {
    Codes a = expanded(inputs.front(), first, output), b = expanded(inputs.back(), second, output);
    return ideal_elementwise(*plan, swap ? std::vector<Codes>{std::move(b), std::move(a)}
                                         : std::vector<Codes>{std::move(a), std::move(b)});
  };
  return lowered;
}

std::vector<Tensor> golden_relu(const Node&, const Inputs& inputs) {
  Tensor y = *inputs.at(0);
  RealFunction([](double x) { return std::max(x, 0.0); }).apply(y.values.data(), y.size());
  return one(std::move(y));
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
      s.fastest({"streaming"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_elementwise(s.step.name, {job}, machine, choice.tile_bytes);
      }));
  lowered.ideal = [plan](const std::vector<Codes>& inputs) { return ideal_elementwise(*plan, inputs); };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::elementwise() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Mean", "PRelu", "Mod",
                         "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor"}) {
    OperatorDefinition row;
    row.op = op;
    row.operands = Operands::Several;
    if (row.op == "Sum" || row.op == "Mean" || row.op == "Min" || row.op == "Max")
      row.same_elements = of_one_tensor;
    row.golden = golden;
    row.shapes = shapes;
    row.type = type;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "vector unit";
    row.arithmetic = vector_kind(op, false)
                         ? "multipliers with a common shift, one rounding; beside a constant number by table"
                         : "beside a constant number by table; two tensors on the CPU";
    if (is_comparison(op)) {
      row.lower = nullptr;
      row.engine = "CPU";
      row.arithmetic = "truth, exact";
    }
    rows.push_back(std::move(row));
  }
  OperatorDefinition relu;
  relu.op = "Relu";
  relu.golden = golden_relu;
  relu.shapes = same_shape;
  relu.host_ops = ops_per_element;
  relu.takes_int16 = always;
  relu.lower = lower_relu;
  relu.engine = "vector unit";
  relu.arithmetic = "one rounding";
  rows.push_back(std::move(relu));
  return rows;
}

}  // namespace bpusim
