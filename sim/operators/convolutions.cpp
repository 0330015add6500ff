// Conv on the MAC array, with what the step folds into it; ConvTranspose on the CPU.
#include <memory>
#include <optional>
#include <stdexcept>

#include "kernels/conv.h"
#include "kernels/tensor_shapes.h"
#include "sim/compile/conv_lowering.h"
#include "sim/operators/families.h"
#include "sim/operators/mac_step.h"
#include "sim/operators/norm_problem.h"

namespace bpusim {

namespace {

ConvProblem problem_of(const Operation& operation) {
  return resolve_conv(operation.node.attributes, operation.shape(0), operation.shape(1));
}

void check_bias(const Node& node, std::int64_t values, std::int64_t channels) {
  if (values != 0 && values != channels)
    throw std::invalid_argument(node.op + ": bias has " + std::to_string(values) + " values for " +
                                std::to_string(channels) + " channels");
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 2) throw std::invalid_argument("Conv: needs weights");
  const ConvProblem problem = resolve_conv(node.attributes, inputs[0]->shape, inputs[1]->shape);
  const auto bias = inputs.size() > 2 ? inputs[2]->values : std::vector<double>{};
  check_bias(node, static_cast<std::int64_t>(bias.size()), problem.oc);
  return {golden_conv(problem, *inputs[0], *inputs[1], bias, inputs[0]->shape.size())};
}

std::vector<Shape> shapes(const Operation& operation) {
  const ConvProblem problem = problem_of(operation);
  if (operation.given(2)) check_bias(operation.node, element_count(operation.shape(2)), problem.oc);
  return {conv_output_shape(problem, operation.shape().size())};
}

double host_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  return 2 * static_cast<double>(problem_of(operation).macs());
}

// Weights and bias are part of the operator; where another operator computes them the CPU runs it.
std::string obstacle(const Operation& operation) {
  for (std::size_t i = 1; i < operation.constant.size(); ++i)
    if (operation.constant[i] == 0) return "a Conv whose weights are computed has no BPU lowering";
  return "";
}

LoweredStep lower(StepLowering& s) {
  MacStep mac;
  mac.problem = problem_of(s.operation());
  mac.weights = weights_of(s, 1);
  if (s.node.inputs.size() > 2 && !s.node.inputs[2].empty() && s.context.function)
    mac.bias = s.context.network.values.at(s.node.inputs[2]).data->values;
  mac.lower = &lower_conv;
  fold_followers(s, mac);
  return lower_mac(s, std::move(mac));
}

std::vector<Tensor> golden_transpose(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 2) throw std::invalid_argument("ConvTranspose: needs weights");
  return {golden_conv_transpose(node.attributes, *inputs[0], *inputs[1],
                                inputs.size() > 2 ? inputs[2]->values : std::vector<double>{})};
}

std::vector<Shape> transpose_shapes(const Operation& operation) {
  const ConvTransposeProblem p =
      resolve_conv_transpose(operation.node.attributes, operation.shape(0), operation.shape(1));
  return {{p.n, p.oc, p.oh, p.ow}};
}

// Each input meets the kernel of every output channel of its group.
double transpose_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  const Shape& w = operation.shape(1);
  return 2 * static_cast<double>(element_count(operation.shape()) * element_count(w) / w.at(0));
}

}  // namespace

std::vector<OperatorDefinition> operators::convolutions() {
  OperatorDefinition conv;
  conv.op = "Conv";
  conv.operands = Operands::First;
  conv.golden = golden;
  conv.shapes = shapes;
  conv.host_ops = host_ops;
  conv.obstacle = obstacle;
  conv.lower = lower;
  OperatorDefinition transpose;
  transpose.op = "ConvTranspose";
  transpose.operands = Operands::First;
  transpose.golden = golden_transpose;
  transpose.shapes = transpose_shapes;
  transpose.host_ops = transpose_ops;
  return {conv, transpose};
}

}  // namespace bpusim
