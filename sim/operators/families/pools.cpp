// MaxPool, AveragePool and their global forms on the vector unit; LpPool on the CPU.
#include <memory>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/vector/lp_pool.h"
#include "kernels/vector/pool.h"
#include "sim/operators/families.h"
#include "sim/operators/pool_step.h"

namespace bpusim {

namespace {

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (node.op == "MaxPool" && node.outputs.size() > 1)  // read, or it would be gone (simplify.cpp)
    throw NotRun("MaxPool: the output of indices is not supported");
  return one(golden_pool(resolve_pool(node.op, node.attributes, inputs.at(0)->shape), *inputs[0]));
}

std::vector<Shape> shapes(const Operation& operation) {
  const PoolProblem problem = resolve_pool(operation.node.op, operation.node.attributes, operation.shape());
  return {conv_output_shape(problem.window, operation.shape().size())};
}

// A window of one element on every element.
bool same_elements(const Operation& operation) {
  const ConvProblem window =
      resolve_pool(operation.node.op, operation.node.attributes, operation.shape()).window;
  return window.kh == 1 && window.kw == 1 && window.oh == window.ih && window.ow == window.iw &&
         window.stride_h == 1 && window.stride_w == 1 && window.pad_top == 0 && window.pad_left == 0 &&
         operation.node.outputs.size() == 1;
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const ConvProblem window =
      resolve_pool(operation.node.op, operation.node.attributes, operation.shape()).window;
  return static_cast<double>(element_count(outputs.at(0)) * window.kh * window.kw);
}

std::vector<Tensor> golden_lp(const Node& node, const Inputs& inputs) {
  return one(lp_pool(node.op, node.attributes, *inputs.at(0)));
}

std::vector<Shape> lp_shapes(const Operation& operation) {
  return {lp_pool_shape(operation.node.op, operation.node.attributes, operation.shape())};
}

// A power and a sum an element of a window, and a root of each sum.
double lp_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const std::int64_t window = lp_pool_window(operation.node.op, operation.node.attributes, operation.shape());
  return static_cast<double>(element_count(outputs.at(0)) * (2 * window + 1));
}

LoweredStep lower(StepLowering& s) {
  return lower_pool_step(s, resolve_pool(s.node.op, s.node.attributes, s.shape(s.node.inputs[0])));
}

}  // namespace

LoweredStep lower_pool_step(const StepLowering& s, const PoolProblem& problem) {
  LoweredStep lowered = s.begin("streaming");
  const TensorPlace &x = s.in(), &y = s.out();
  const auto plan =
      std::make_shared<PoolPlan>(plan_pool(problem, x.grid, y.grid, s.multiplier_bits(), s.rounding()));
  const ConvProblem& window = problem.window;
  lowered.work.vector_elements = y.elements * window.kh * window.kw * s.widest();
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_pool(s.step.name, *plan, x.address, y.address, machine, choice.tile_bytes);
      }));
  lowered.ideal = [plan](const std::vector<Codes>& inputs) { return ideal_pool(*plan, inputs[0]); };
  return lowered;
}

std::vector<OperatorDefinition> operators::pools() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"MaxPool", "GlobalMaxPool", "AveragePool", "GlobalAveragePool"}) {
    OperatorDefinition row;
    row.op = op;
    row.keeps_grid = row.op.find("Max") != std::string::npos;
    row.same_elements = same_elements;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = host_ops;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "vector unit";
    row.arithmetic = "largest code, or exact sum and one rounding";
    rows.push_back(std::move(row));
  }
  for (const char* op : {"LpPool", "GlobalLpPool"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden_lp;
    row.shapes = lp_shapes;
    row.host_ops = lp_ops;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
