#include "sim/plan/placement.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/node_names.h"
#include "sim/operators/families/tables.h"
#include "sim/operators/mac_step.h"
#include "sim/operators/operator.h"
#include "sim/plan/facts.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

bool inference_batch_norm(const Node& node) {
  return node.op == "BatchNormalization" && node.attributes.get("training_mode", std::int64_t{0}) == 0;
}

class Placer {
 public:
  Placer(const RunSpec& run, const Network& network, const Policy& policy, const Requests& requests)
      : run_(run), network_(network), policy_(policy), requests_(requests), taken_(network_.nodes.size(), 0) {
    for (std::size_t n = 0; n < network_.nodes.size(); ++n)
      for (const std::string& input : network_.nodes[n].inputs) readers_[input].push_back(n);
    for (std::size_t n = 0; n < network_.nodes.size(); ++n)
      for (const std::string& output : network_.nodes[n].outputs) makers_[output] = n;
    for (const std::string& output : network_.outputs) readers_[output].push_back(kOutside);
  }

  std::vector<Step> steps() {
    std::vector<Step> steps;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n)
      if (taken_[n] == 0) steps.push_back(step_from(n));
    return steps;
  }

 private:
  static constexpr std::size_t kOutside = SIZE_MAX;

  // The node that alone reads the value, and that the value does not leave the network beside.
  const Node* sole_consumer(const std::string& value, std::size_t& index) const {
    const auto readers = readers_.find(value);
    if (readers == readers_.end() || readers->second.size() != 1 || readers->second[0] == kOutside)
      return nullptr;
    index = readers->second[0];
    return &network_.nodes[index];
  }

  Surroundings around(const Node& node, const std::string& folds_into) const {
    Surroundings around;
    around.folds_into = folds_into;
    if (!node.inputs.empty())
      if (const auto maker = makers_.find(node.inputs[0]); maker != makers_.end())
        around.behind = network_.nodes[maker->second].op;
    if (node.outputs.empty()) return around;
    std::size_t next = 0;
    if (const Node* reader = sole_consumer(node.outputs[0], next)) {
      around.only_reader = reader->op;
      around.residual_behind = adds_tensors(*reader);
    }
    const auto& outputs = network_.outputs;
    around.is_output = std::find(outputs.begin(), outputs.end(), node.outputs[0]) != outputs.end();
    return around;
  }

  bool adds_tensors(const Node& node) const {
    return node.op == "Add" && operands_of(node, network_).size() == 2;
  }

  bool reads_unknown(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const std::string& name) { return network_.unknown.count(name) != 0; });
  }

  // An output beyond the first that somebody reads, which the BPU does not give: of all operators Split alone
  // has several tensors there, and running statistics that only leave the network are the host's floats.
  std::string later_output_obstacle(const Node& node) const {
    for (std::size_t i = 1; i < node.outputs.size() && node.op != "Split"; ++i) {
      const auto readers = readers_.find(node.outputs[i]);
      if (node.outputs[i].empty() || readers == readers_.end()) continue;
      const bool leaves_only = std::all_of(readers->second.begin(), readers->second.end(),
                                           [](std::size_t n) { return n == kOutside; });
      if (!leaves_only || node.op != "BatchNormalization")
        return "a " + node.op + " whose output " + std::to_string(i + 1) + " is read has no BPU lowering";
    }
    return "";
  }

  std::string bpu_obstacle(const Node& node) const {
    const std::string why = obstacle_of(node, network_);
    return why.empty() ? later_output_obstacle(node) : why;
  }

  // Where it runs, and why; `folds_into`: the operator whose step it would be part of.
  Placement placement_of(const Node& node, const std::string& folds_into = "") const {
    if (!node.unread.empty()) return {Where::Unsupported, node.unread, ""};
    if (const auto why = network_.not_run.find(node.name); why != network_.not_run.end())
      return {Where::Unsupported, why->second, ""};
    if (find_operator(node.op) == nullptr)
      return {Where::Unsupported,
              "operator " + node.op + (node.domain.empty() ? "" : " of domain " + node.domain) +
                  " has no definition in bpusim",
              ""};
    const auto request = requests_.find(node.name);
    Placement placement = policy_.place(facts_of(node, network_, around(node, folds_into)),
                                        request == requests_.end() ? Request::None : request->second);
    const bool on_bpu = placement.where == Where::Bpu || placement.where == Where::Decomposed;
    if (on_bpu && !reads_unknown(node)) {
      const std::string why = bpu_obstacle(node);
      if (!why.empty())
        placement = {Where::Cpu,
                     "the policy has it on the BPU (" + placement.reason + "), bpusim does not: " + why,
                     placement.source};
    }
    if (run_.options_of(node.name).mapping == Mapping::Host && placement.where != Where::Unsupported)
      placement = {Where::Cpu, "the run puts it on the CPU", "run file"};
    return placement;
  }

  // BatchNormalization over the channels that weights are made for: axis 1 is a product's columns in rank 2
  // only.
  bool folds_norm(const Node& first, const Node& node) const {
    const bool product = first.op == "Gemm" || first.op == "MatMul";
    return inference_batch_norm(node) && operands_of(node, network_).size() == 1 &&
           (!product || network_.shape_of(node.inputs.at(0)).size() == 2);
  }

  // Add of a tensor that is there before the step's first node runs.
  bool adds_residual(std::size_t first, const Node& node, const std::string& value) const {
    if (node.op != "Add" || node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return false;
    const std::string& other = node.inputs[node.inputs[0] == value ? 1 : 0];
    if (network_.values.at(other).constant || network_.shape_of(other) != network_.shape_of(value))
      return false;
    const auto maker = makers_.find(other);
    return maker == makers_.end() || maker->second < first;
  }

  enum class Stage { Fold, Function, Residual, LastFunction };

  // The stage at which a node that reads `value` goes into the step, from `stage` on.
  std::optional<Stage> stage_of(std::size_t begin, const Node& node, const std::string& value,
                                Stage stage) const {
    const Node& first = network_.nodes[begin];
    const bool folds = folds_norm(first, node) || !folded_constant(first, node, value, network_).empty();
    const bool rounds =
        network_.values.at(value).grid.has_value();  // the model wants its own codes in between
    if (stage == Stage::Fold && folds && !rounds) return Stage::Fold;
    if (is_function(operation_of(node, network_)))
      return stage < Stage::Residual ? Stage::Function : Stage::LastFunction;
    if (stage < Stage::Residual && adds_residual(begin, node, value)) return Stage::Residual;
    return std::nullopt;
  }

  // What may follow in the same step, in this order: BatchNormalization and constants, which fold into the
  // weights; functions of one element; a residual; functions of one element.
  void fuse(Step& step) {
    const std::size_t begin = step.nodes.front();
    std::string value = network_.nodes[begin].outputs.at(0);
    for (Stage stage = Stage::Fold;;) {
      std::size_t next = 0;
      const Node* node = sole_consumer(value, next);
      if (node == nullptr || reads_unknown(*node) || !run_.options_of(node->name).fuse) return;
      const auto here = stage_of(begin, *node, value, stage);
      if (!here || placement_of(*node, network_.nodes[begin].op).where != Where::Bpu) return;
      stage = *here;
      step.nodes.push_back(next);
      step.op += "+" + node->op;
      taken_[next] = 1;
      value = node->outputs.at(0);
    }
  }

  Step step_from(std::size_t n) {
    const Node& node = network_.nodes[n];
    taken_[n] = 1;
    Step step;
    step.nodes = {n};
    step.name = node.name;
    step.op = node.op;
    step.placement = placement_of(node);
    step.lowerable = find_operator(node.op) != nullptr && !reads_unknown(node) && bpu_obstacle(node).empty();
    const std::string& data = node.inputs.empty() ? node.outputs.at(0) : node.inputs[0];
    step.shape = data.empty() || network_.unknown.count(data) != 0 ? "" : to_string(network_.shape_of(data));
    if (step.placement.where == Where::Bpu && has_weights(node, network_)) fuse(step);
    if (!node.origin.empty()) step.placement.reason += "; recognised from " + node.origin;
    if (step.nodes.size() > 1) step.placement.reason += "; what follows is folded into it";
    return step;
  }

  const RunSpec& run_;
  const Network& network_;
  const Policy& policy_;
  const Requests& requests_;
  std::map<std::string, std::vector<std::size_t>> readers_;
  std::map<std::string, std::size_t> makers_;
  std::vector<char> taken_;
};

bool is_operator_of(const std::string& name, const Network& network) {
  return std::any_of(network.nodes.begin(), network.nodes.end(),
                     [&](const Node& node) { return node.op == name; });
}

}  // namespace

Requests requests_of(const RunSpec& run) {
  Requests requests;
  const Network& network = run.network;
  for (const Node& node : network.nodes)
    if (const auto on = run.on.find(node.op); on != run.on.end()) requests[node.name] = on->second;
  for (const auto& [name, request] :
       run.on) {  // a node's own comes after its operator's, a part's after the whole
    const std::vector<std::string> nodes = nodes_named(name, network);
    if (is_operator_of(name, network) && !(nodes.size() == 1 && nodes[0] == name)) continue;
    for (const std::string& node : nodes) requests[node] = request;
  }
  return requests;
}

std::vector<std::string> unknown_places(const RunSpec& run) {
  std::vector<std::string> lines;
  std::set<std::string> known;
  for (const Node& node : run.network.nodes) known.insert({node.name, node.op});
  for (const auto& [name, request] : run.on)
    if (known.count(name) == 0 && find_operator(name) == nullptr && nodes_named(name, run.network).empty())
      lines.push_back("on: '" + name + "' is no node and no operator of the network" +
                      did_you_mean(name, {known.begin(), known.end()}));
  return lines;
}

std::vector<Step> place(const RunSpec& run, const Network& network, const Policy& policy,
                        const Requests& requests) {
  return Placer(run, network, policy, requests).steps();
}

void refuse_unplaced(const std::vector<Step>& steps, const std::string& policy) {
  std::vector<std::string> lines;
  for (const Step& step : steps)
    if (step.placement.where == Where::Unsupported)
      lines.push_back("policy " + policy + " cannot place " + step.name + " (" + step.op +
                      "): " + step.placement.reason);
  if (!lines.empty()) throw PlacementError(lines);
}

}  // namespace bpusim
