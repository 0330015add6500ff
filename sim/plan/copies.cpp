#include "sim/plan/copies.h"

#include <map>
#include <utility>

#include "sim/operators/families/quantise.h"

namespace bpusim {

namespace {

// A node that was added goes behind the maker of its input, as a network's nodes have to lie.
void order_nodes(std::size_t before, Network& network, std::vector<Step>& steps) {
  std::map<std::string, std::vector<std::size_t>> behind;
  for (std::size_t n = before; n < network.nodes.size(); ++n) behind[network.nodes[n].inputs[0]].push_back(n);
  std::vector<std::size_t> order;
  const auto take = [&](const std::string& value) {
    const auto added = behind.find(value);
    if (added != behind.end()) order.insert(order.end(), added->second.begin(), added->second.end());
  };
  for (const std::string& input : network.inputs) take(input);
  for (std::size_t n = 0; n < before; ++n) {
    order.push_back(n);
    for (const std::string& output : network.nodes[n].outputs) take(output);
  }
  std::vector<Node> nodes;
  nodes.reserve(order.size());
  std::vector<std::size_t> now(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    now[order[k]] = k;
    nodes.push_back(std::move(network.nodes[order[k]]));
  }
  network.nodes = std::move(nodes);
  for (Step& step : steps)
    for (std::size_t& n : step.nodes) n = now[n];
}

Step step_for(const ValueCopy& copy, Network& network, FreeNames& names) {
  Node node;
  node.op = copy.op;
  node.name = names.take(copy.op + "_" + copy.value);
  node.inputs = {copy.value};
  node.outputs = {copy.copy};
  Step step;
  step.nodes = {network.nodes.size()};
  step.name = node.name;
  step.op = node.op;
  step.shape = to_string(network.shape_of(copy.value));
  step.placement = copy.placement;
  step.lowerable = step.on_bpu();
  network.nodes.push_back(std::move(node));
  return step;
}

}  // namespace

void read_copy(const ValueCopy& copy, Network& network, const std::vector<std::size_t>& readers) {
  network.values[copy.copy] = network.values.at(copy.value);
  for (const std::size_t n : readers)
    for (std::string& input : network.nodes[n].inputs)
      if (input == copy.value) input = copy.copy;
}

void insert_copies(const std::vector<ValueCopy>& copies, Network& network, std::vector<Step>& steps,
                   FreeNames& names) {
  if (copies.empty()) return;
  std::map<std::string, std::size_t> behind;  // steps, by what they make
  for (std::size_t s = 0; s < steps.size(); ++s)
    for (const std::string& output : network.nodes[steps[s].nodes.back()].outputs) behind[output] = s + 1;
  std::map<std::size_t, std::vector<Step>> at;
  const std::size_t before = network.nodes.size();
  for (const ValueCopy& copy : copies) {
    Value& value = network.values.at(copy.copy);
    value.data = nullptr;
    value.stored = nullptr;
    value.constant = false;
    const auto maker = behind.find(copy.value);
    // What the CPU does for the application alone waits until the BPU is through.
    const bool last = copy.op == kDequantise && copy.placement.where == Placement::Where::Cpu;
    at[last                    ? steps.size()
       : maker == behind.end() ? 0
                               : maker->second]
        .push_back(step_for(copy, network, names));
  }
  std::vector<Step> all;
  for (std::size_t s = 0; s <= steps.size(); ++s) {
    if (const auto added = at.find(s); added != at.end())
      for (Step& step : added->second) all.push_back(std::move(step));
    if (s < steps.size()) all.push_back(std::move(steps[s]));
  }
  steps = std::move(all);
  order_nodes(before, network, steps);
}

std::string original_of(const Network& network, std::string value) {
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const Node& node = network.nodes[n];
    if (node.op != kDequantise && is_copy(node.op) && node.outputs[0] == value) value = node.inputs[0];
  }
  for (const Node& node : network.nodes)
    if (node.op == kDequantise && node.inputs[0] == value) value = node.outputs[0];
  return value;
}

}  // namespace bpusim
