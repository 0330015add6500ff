#include "sim/operators/families/tables.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/lowering/elementwise.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

using Arithmetic = double (*)(double, double);

// Null for operators that are no arithmetic of two numbers.
Arithmetic arithmetic_of(const std::string& op) {
  if (op == "Add") return [](double a, double b) { return a + b; };
  if (op == "Sub") return [](double a, double b) { return a - b; };
  if (op == "Mul") return [](double a, double b) { return a * b; };
  if (op == "Div") return [](double a, double b) { return a / b; };
  if (op == "Min") return [](double a, double b) { return std::min(a, b); };
  if (op == "Max") return [](double a, double b) { return std::max(a, b); };
  return nullptr;
}

// The input that is a constant number, of two.
std::size_t constant_input(const Operation& operation) {
  return operation.tensors[0] == operation.node.inputs[0] ? 1 : 0;
}

}  // namespace

bool is_function(const Operation& operation) {
  const Node& node = operation.node;
  if (operation.tensors.size() != 1) return false;
  if (arithmetic_of(node.op) == nullptr)
    return (node.op == "Relu" || find_unary(node.op) != nullptr) && operation.tensors[0] == node.inputs[0];
  // A number of a higher rank would lift the result's.
  return node.inputs.size() == 2 && operation.constant[constant_input(operation)] != 0 &&
         operation.shape(constant_input(operation)).size() <=
             operation.shape(1 - constant_input(operation)).size();
}

RealFunction function_of(const Operation& operation) {
  const Node& node = operation.node;
  if (node.op == "Relu") return [](double x) { return std::max(x, 0.0); };
  if (const Arithmetic arithmetic = arithmetic_of(node.op)) {
    const std::size_t at = constant_input(operation);
    const double number = operation.known(at) ? operation.value(at).values.at(0) : 1.0;
    if (at == 0) return [arithmetic, number](double x) { return arithmetic(number, x); };
    return [arithmetic, number](double x) { return arithmetic(x, number); };
  }
  return table_function(operation.node.op, operation.node.attributes, operation.constants());
}

namespace {

// The exact result for each code of `in`, rounded once; 0 where there is none, as in plan_lookup.
Codes exact_table(const RealFunction& function, const Quantisation& in, const Quantisation& out) {
  std::vector<double> results(static_cast<std::size_t>(in.highest() - in.lowest() + 1));
  for (std::size_t i = 0; i < results.size(); ++i)
    results[i] = dequantise(in.lowest() + static_cast<std::int64_t>(i), in);
  function.apply(results.data(), static_cast<std::int64_t>(results.size()));
  for (double& result : results)
    if (std::isnan(result)) result = 0;
  return quantise(results, out);
}

}  // namespace

LoweredStep lower_lookup(StepLowering& s, const std::string& input, const RealFunction& function) {
  LoweredStep lowered = s.begin("table");
  const TensorPlace &x = s.place(input), &y = s.out();
  ElementwiseJob job;
  job.plan = s.table(function, x.grid, y.grid);
  job.row_elements = y.elements;
  job.in = {{x.address, x.elements}};
  job.out = {y.address, y.elements};
  lowered.work.table_elements = y.elements * s.widest();
  lowered.work.read_bytes += s.table_room();
  lowered.programs.push_back(
      s.fastest({"table"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_elementwise(s.step.name, {job}, machine, choice.tile_bytes);
      }));
  lowered.ideal = [function, in = x.grid, out = y.grid](const std::vector<Codes>& inputs) {
    const Codes table = exact_table(function, in, out);
    Codes ideal;
    ideal.reserve(inputs[0].size());
    for (const std::int64_t code : inputs[0])
      ideal.push_back(table[static_cast<std::size_t>(code - in.lowest())]);
    return ideal;
  };
  return lowered;
}

namespace {

using Bind = RealFunction (*)(const std::string&, const Attributes&, const std::vector<Tensor>&);

template <Bind kBind>
std::vector<Tensor> applied(const Node& node, const Inputs& inputs) {
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < inputs.size(); ++i) constants.push_back(*inputs[i]);
  const RealFunction function = kBind(node.op, node.attributes, constants);
  Tensor y = *inputs.at(0);
  function.apply(y.values.data(), y.size());
  return one(std::move(y));
}

// A function whose parameters are computed is none of one element.
std::string obstacle(const Operation& operation) {
  return operation.constant_parameters()
             ? ""
             : "a " + operation.node.op + " of several tensors has no BPU lowering";
}

LoweredStep lower(StepLowering& s) {
  return lower_lookup(s, s.node.inputs.at(0), function_of(s.operation()));
}

// Limits that no float32 passes, and a slope of 1.
bool leaves_all_numbers(const Operation& operation) {
  const Node& node = operation.node;
  if (node.op == "LeakyRelu") return node.attributes.get("alpha", 0.01) == 1;
  if (node.op != "Clip" || !operation.known(1) || !operation.known(2)) return false;
  const RealFunction clip = function_of(operation);
  constexpr double most = std::numeric_limits<float>::max();
  return clip(-most) == -most && clip(most) == most;
}

}  // namespace

std::vector<OperatorDefinition> operators::tables() {
  std::vector<OperatorDefinition> rows;
  for (const UnaryDefinition& unary : unary_registry()) {
    if (std::string(unary.op) == "Pow") continue;  // of two operands: elementwise
    OperatorDefinition row;
    row.op = unary.op;
    row.golden = applied<unary_function>;
    row.on_codes = applied<table_function>;
    row.shapes = same_shape;
    row.same_elements = leaves_all_numbers;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "vector unit";
    row.arithmetic = "table of 256 codes, exact";
    if (row.op == "Not") {
      row.type = [](const Operation&, std::size_t) { return DType::Bool; };
      row.lower = nullptr;
      row.engine = "CPU";
      row.arithmetic = "truth, exact";
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
