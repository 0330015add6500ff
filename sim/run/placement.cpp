#include "sim/run/placement.h"

#include <algorithm>

#include "kernels/tensor_math.h"
#include "kernels/unary.h"
#include "kernels/view.h"
#include "sim/run/simplify.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

const Node* sole_consumer(const Network& network, const std::string& value, std::size_t& index) {
  const Node* found = nullptr;
  for (std::size_t n = 0; n < network.nodes.size(); ++n)
    for (const std::string& input : network.nodes[n].inputs) {
      if (input != value) continue;
      if (found != nullptr) return nullptr;
      found = &network.nodes[n];
      index = n;
    }
  const bool leaves =
      std::find(network.outputs.begin(), network.outputs.end(), value) != network.outputs.end();
  return leaves ? nullptr : found;
}

bool inference_batch_norm(const Node& node) {
  return node.op == "BatchNormalization" && node.attributes.get("training_mode", std::int64_t{0}) == 0;
}

// Why the BPU of this simulator cannot run a node that a policy gives to it; empty where it can.
std::string not_lowered(const Node& node, const Network& network,
                        const std::map<std::string, Shape>& shapes) {
  const auto tensors = tensor_inputs(node, network);
  const bool one = tensors.size() == 1;
  const auto shape = [&](const std::string& name) {
    const auto found = shapes.find(name);
    return found == shapes.end() ? Shape{} : found->second;
  };
  if (find_norm(node.op) != nullptr || node.op == "Conv" || node.op == "Relu" || node.op == "Split" ||
      node.op == "Concat" || node.op.find("Pool") != std::string::npos)
    return "";
  if (is_view(node.op)) {
    if (is_alias(node.op)) return one ? "" : "its target is no constant";
    try {
      std::vector<Tensor> constants;
      for (std::size_t i = 1; i < node.inputs.size(); ++i) {
        const auto value = network.values.find(node.inputs[i]);
        constants.push_back(value != network.values.end() && value->second.data ? *value->second.data
                                                                                : Tensor({0}, {}));
      }
      resolve_view(node.op, node.attributes, shape(node.inputs.at(0)), constants);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }
  if (find_unary(node.op) != nullptr && one) return "";
  if (is_binary(node.op) && one) return "";  // a scalar beside a tensor: a table
  if (node.op == "Add" || node.op == "Sub" || node.op == "Mul") {
    const Shape a = shape(node.inputs[0]), b = shape(node.inputs[1]);
    const bool swap = element_count(a) < element_count(b);
    if (swap && node.op == "Sub") return "a Sub whose first operand is broadcast has no BPU lowering";
    return broadcast_rows(swap ? b : a, swap ? a : b).rows > 0
               ? ""
               : "operands that broadcast in more than one stretch have no BPU lowering";
  }
  if (node.op == "Softmax") {
    const auto rank = static_cast<std::int64_t>(shape(node.inputs[0]).size());
    const std::int64_t axis = node.attributes.get("axis", std::int64_t{node.opset < 13 ? 1 : -1});
    return axis == -1 || axis == rank - 1 ? ""
                                          : "a Softmax that is not over the last axis has no BPU lowering";
  }
  if (node.op == "MatMul")
    return one && tensors[0] == node.inputs[0] && shape(node.inputs[1]).size() == 2
               ? ""
               : "a product of two activations has no BPU lowering";
  if (node.op == "Gemm")
    return node.attributes.get("transA", std::int64_t{0}) == 0
               ? ""
               : "a transposed activation has no BPU lowering";
  if (node.op == "ReduceMean") {
    auto axes = node.attributes.get("axes", std::vector<std::int64_t>{});
    const auto given = node.inputs.size() > 1 ? network.values.find(node.inputs[1]) : network.values.end();
    if (given != network.values.end() && given->second.data)
      for (const double v : given->second.data->values) axes.push_back(static_cast<std::int64_t>(v));
    for (std::int64_t& axis : axes) axis += axis < 0 ? 4 : 0;
    const bool spatial = axes == std::vector<std::int64_t>{2, 3} && shape(node.inputs[0]).size() == 4;
    return spatial ? "" : "a ReduceMean that is not over H and W has no BPU lowering";
  }
  return node.op + " has no BPU lowering";
}

class Placer {
 public:
  Placer(const RunSpec& run, const Policy& policy, const std::map<std::string, Shape>& shapes)
      : run_(run),
        network_(run.network),
        policy_(policy),
        shapes_(shapes),
        taken_(network_.nodes.size(), 0) {}

  std::vector<Step> steps() {
    std::vector<Step> steps;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n)
      if (taken_[n] == 0) steps.push_back(step_from(n));
    return steps;
  }

 private:
  OperatorFacts facts_of(const Node& node, bool after_conv) const {
    OperatorFacts facts;
    facts.op = node.op;
    facts.after_conv = after_conv;
    facts.groups = node.attributes.get("group", std::int64_t{1});
    const auto shape = node.inputs.empty() ? shapes_.end() : shapes_.find(node.inputs[0]);
    if (shape != shapes_.end()) facts.shape = shape->second;
    if (facts.shape.size() > 1) facts.channels = facts.shape[1];
    const auto weights = node.inputs.size() > 1 ? shapes_.find(node.inputs[1]) : shapes_.end();
    if (node.op == "Conv" && weights != shapes_.end()) {
      for (std::size_t d = 1; d < weights->second.size(); ++d) facts.kernel_volume *= weights->second[d];
      for (std::size_t d = 2; d < weights->second.size(); ++d)
        facts.kernel = std::max(facts.kernel, weights->second[d]);
    }
    return facts;
  }

  Placement placement_of(const Node& node, bool after_conv) const {
    if (!has_definition(node.op))
      return {Where::Unsupported, "operator " + node.op + " has no definition in bpusim", ""};
    Placement placement = policy_.place(facts_of(node, after_conv));
    if (placement.where == Where::Bpu) {
      const std::string why = not_lowered(node, network_, shapes_);
      if (!why.empty()) placement = {Where::Cpu, why + " in bpusim: the CPU runs it", placement.source};
    }
    if (run_.options_of(node.name).mapping == "host" && placement.where != Where::Unsupported)
      placement = {Where::Cpu, "the run puts it on the host", "run file"};
    return placement;
  }

  // A Relu, or a Clip between constants.
  bool clamps(const Node& node) const {
    return node.op == "Relu" || (node.op == "Clip" && tensor_inputs(node, network_).size() == 1);
  }

  // A function of one element that a table holds.
  bool by_table(const Node& node) const {
    return find_unary(node.op) != nullptr && tensor_inputs(node, network_).size() == 1;
  }

  // What may follow in the same step: BatchNormalization directly behind a convolution, then a Relu, a Clip,
  // or another function of one element.
  void fuse(Step& step) {
    std::size_t next = 0;
    const Node* last = &network_.nodes[step.nodes.back()];
    for (const bool batch_norm : {true, false}) {
      const Node* node = sole_consumer(network_, last->outputs.at(0), next);
      if (node == nullptr || !run_.options_of(node->name).fuse) return;
      if (batch_norm ? !inference_batch_norm(*node) : !clamps(*node) && !by_table(*node)) continue;
      if (node->inputs.at(0) != last->outputs[0] || placement_of(*node, true).where != Where::Bpu) return;
      step.nodes.push_back(next);
      step.op += "+" + node->op;
      taken_[next] = 1;
      last = node;
    }
  }

  Step step_from(std::size_t n) {
    const Node& node = network_.nodes[n];
    taken_[n] = 1;
    Step step;
    step.nodes = {n};
    step.name = node.name;
    step.op = node.op;
    step.placement = placement_of(node, false);
    step.lowerable = has_definition(node.op) && not_lowered(node, network_, shapes_).empty();
    const auto shape = shapes_.find(node.inputs.empty() ? node.outputs.at(0) : node.inputs[0]);
    step.shape = shape == shapes_.end() ? "" : to_string(shape->second);
    if (node.op == "Conv" && step.placement.where == Where::Bpu) fuse(step);
    if (!node.origin.empty()) step.placement.reason += "; recognised from " + node.origin;
    if (step.nodes.size() > 1) step.placement.reason += "; what follows is folded into it";
    return step;
  }

  const RunSpec& run_;
  const Network& network_;
  const Policy& policy_;
  const std::map<std::string, Shape>& shapes_;
  std::vector<char> taken_;
};

}  // namespace

Clamp clip_bounds(const Node& clip, const Network& network) {
  const auto bound = [&](std::size_t input, const char* name, double fallback) {
    if (input < clip.inputs.size() && !clip.inputs[input].empty()) {
      const Value& value = network.values.at(clip.inputs[input]);
      if (value.data && value.data->size() == 1) return value.data->values[0];
    }
    return clip.attributes.get(name, fallback);
  };
  const Clamp open;
  return {bound(1, "min", open.low), bound(2, "max", open.high)};
}

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

std::vector<Step> place(const RunSpec& run, const Policy& policy,
                        const std::map<std::string, Shape>& shapes) {
  return Placer(run, policy, shapes).steps();
}

void refuse_unplaced(const std::vector<Step>& steps, const std::string& policy) {
  std::string lines;
  for (const Step& step : steps)
    if (step.placement.where == Where::Unsupported)
      lines += "\n  " + step.name + " (" + step.op + "): " + step.placement.reason;
  if (!lines.empty()) throw PlacementError("policy " + policy + " cannot place:" + lines);
}

}  // namespace bpusim
