// Conv and ConvTranspose on the MAC array, with what the step folds into them.
#include <memory>
#include <optional>
#include <stdexcept>

#include "kernels/mac/conv.h"
#include "kernels/mac/conv_transpose.h"
#include "kernels/mac/conv_volume.h"
#include "sim/lowering/conv.h"
#include "sim/lowering/conv_transpose.h"
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

constexpr std::size_t kVolumeRank = 5;  // three spatial axes

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 2) throw std::invalid_argument("Conv: needs weights");
  if (inputs[0]->shape.size() == kVolumeRank) {
    const auto values = inputs.size() > 2 ? inputs[2]->values : std::vector<double>{};
    check_bias(node, static_cast<std::int64_t>(values.size()), inputs[1]->shape.at(0));
    return one(golden_conv_volume(node.attributes, *inputs[0], *inputs[1], values));
  }
  const ConvProblem problem = resolve_conv(node.attributes, inputs[0]->shape, inputs[1]->shape);
  const auto bias = inputs.size() > 2 ? inputs[2]->values : std::vector<double>{};
  check_bias(node, static_cast<std::int64_t>(bias.size()), problem.oc);
  return one(golden_conv(problem, *inputs[0], *inputs[1], bias, inputs[0]->shape.size()));
}

std::vector<Shape> shapes(const Operation& operation) {
  if (operation.shape().size() == kVolumeRank) {
    const Shape &x = operation.shape(0), &weights = operation.shape(1);
    if (operation.given(2)) check_bias(operation.node, element_count(operation.shape(2)), weights.at(0));
    return {conv_volume_shape(operation.node.attributes, x, weights)};
  }
  const ConvProblem problem = problem_of(operation);
  if (operation.given(2)) check_bias(operation.node, element_count(operation.shape(2)), problem.oc);
  return {conv_output_shape(problem, operation.shape().size())};
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  if (operation.shape().size() == kVolumeRank) {
    const std::int64_t taps = element_count(operation.shape(1)) / operation.shape(1).at(0);
    return 2 * static_cast<double>(element_count(outputs.at(0)) * taps);
  }
  return 2 * static_cast<double>(problem_of(operation).macs());
}

// Weights and bias are part of the operator; where another operator computes them the CPU runs it.
std::string obstacle(const Operation& operation) {
  for (std::size_t i = 1; i < operation.constant.size(); ++i)
    if (operation.constant[i] == 0)
      return "a " + operation.node.op +
             " whose weights are computed, or an input (--inputs-as-weights), has no BPU lowering";
  return "";
}

std::string conv_obstacle(const Operation& operation) {
  return operation.shape().size() == kVolumeRank ? "a Conv over three spatial axes has no BPU lowering"
                                                 : obstacle(operation);
}

std::vector<double> bias_of(const StepLowering& s) {
  if (s.node.inputs.size() < 3 || s.node.inputs[2].empty() || !s.context.function) return {};
  return s.context.network.values.at(s.node.inputs[2]).numbers()->values;
}

LoweredStep lower(StepLowering& s) {
  MacStep mac;
  mac.problem = problem_of(s.operation());
  mac.weights = weights_of(s, 1);
  mac.scales = given_scales(s, 1, mac.problem.oc);
  mac.bias = bias_of(s);
  mac.lower = &lower_conv;
  mac.mappings = mac_mappings(s.machine.bpu.cores);
  mac.macs = mac.problem.macs();
  fold_followers(s, mac);
  return lower_mac(s, std::move(mac));
}

ConvTransposeProblem transpose_of(const Operation& operation) {
  return resolve_conv_transpose(operation.node.attributes, operation.shape(0), operation.shape(1));
}

std::vector<Tensor> golden_transpose(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 2) throw std::invalid_argument("ConvTranspose: needs weights");
  const auto problem = resolve_conv_transpose(node.attributes, inputs[0]->shape, inputs[1]->shape);
  const auto bias = inputs.size() > 2 ? inputs[2]->values : std::vector<double>{};
  check_bias(node, static_cast<std::int64_t>(bias.size()), problem.oc);
  return one(golden_conv_transpose(problem, *inputs[0], *inputs[1], bias, inputs[0]->shape.size()));
}

std::vector<Shape> transpose_shapes(const Operation& operation) {
  return {conv_transpose_shape(transpose_of(operation), operation.shape().size())};
}

double transpose_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  return 2 * static_cast<double>(transpose_of(operation).macs());
}

// The MAC array sees one convolution of stride 1 a phase; folding and quantising see the whole kernel.
LoweredStep lower_transpose(StepLowering& s) {
  const ConvTransposeProblem problem = transpose_of(s.operation());
  MacStep mac;
  mac.problem.n = problem.n;
  mac.problem.ic = problem.ic;
  mac.problem.oc = problem.oc;
  mac.problem.kh = problem.kh;
  mac.problem.kw = problem.kw;
  mac.problem.groups = problem.groups;
  mac.weights = forward_weights(problem, weights_of(s, 1));
  mac.scales = given_scales(s, 1, problem.oc);
  mac.bias = bias_of(s);
  mac.macs = problem.macs();
  for (const ConvPhase& phase : phases_of(problem))
    mac.weight_bytes += phase.problem.oc * phase.problem.taps();
  mac.lower = [problem](const std::string& name, const ConvJob& job, const MachineParams& machine,
                        std::int64_t tile_bytes) {
    return lower_conv_transpose(name, problem, job, machine, tile_bytes);
  };
  mac.arrange = [problem](const std::vector<std::int8_t>& weights) {
    return phase_weights(problem, weights);
  };
  mac.exact = [problem](const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                        const std::vector<double>& scales, const std::vector<double>& bias) {
    return exact_conv_transpose(problem, plan, plan.weights, codes, scales, bias);
  };
  fold_followers(s, mac);
  return lower_mac(s, std::move(mac));
}

}  // namespace

std::vector<OperatorDefinition> operators::convolutions() {
  OperatorDefinition conv;
  conv.op = "Conv";
  conv.operands = Operands::First;
  conv.golden = golden;
  conv.shapes = shapes;
  conv.host_ops = host_ops;
  conv.obstacle = conv_obstacle;
  conv.takes_int16 = always;
  conv.lower = lower;
  conv.engine = "MAC array";
  conv.arithmetic =
      "weights with a scale a channel, exact int32 sums, one rounding; folds BatchNormalization, a function "
      "of one element, a residual";
  OperatorDefinition transpose;
  transpose.op = "ConvTranspose";
  transpose.operands = Operands::First;
  transpose.golden = golden_transpose;
  transpose.shapes = transpose_shapes;
  transpose.host_ops = transpose_ops;
  transpose.obstacle = obstacle;
  transpose.takes_int16 = always;
  transpose.lower = lower_transpose;
  transpose.engine = "MAC array";
  transpose.arithmetic = "as Conv, a convolution for each phase of the strides";
  return {conv, transpose};
}

}  // namespace bpusim
