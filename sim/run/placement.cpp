#include "sim/run/placement.h"

#include <algorithm>

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
    if (node.op == "Conv" && weights != shapes_.end())
      for (std::size_t d = 2; d < weights->second.size(); ++d)
        facts.kernel = std::max(facts.kernel, weights->second[d]);
    return facts;
  }

  Placement placement_of(const Node& node, bool after_conv) const {
    if (!has_definition(node.op))
      return {Where::Unsupported, "operator " + node.op + " has no definition in bpusim", ""};
    Placement placement = policy_.place(facts_of(node, after_conv));
    if (run_.options_of(node.name).mapping == "host" && placement.where != Where::Unsupported)
      placement = {Where::Cpu, "the run puts it on the host", "run file"};
    return placement;
  }

  // What may follow in the same step: BatchNormalization directly behind a convolution, then a Relu.
  void fuse(Step& step) {
    std::size_t next = 0;
    const Node* last = &network_.nodes[step.nodes.back()];
    for (const bool batch_norm : {true, false}) {
      const Node* node = sole_consumer(network_, last->outputs.at(0), next);
      if (node == nullptr || !run_.options_of(node->name).fuse) return;
      if (batch_norm ? !inference_batch_norm(*node) : node->op != "Relu") continue;
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
    const auto shape = shapes_.find(node.inputs.empty() ? node.outputs.at(0) : node.inputs[0]);
    step.shape = shape == shapes_.end() ? "" : to_string(shape->second);
    if (node.op == "Conv" && step.placement.where == Where::Bpu) fuse(step);
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
