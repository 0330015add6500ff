#include "sim/run/chains.h"

namespace bpusim {

namespace {

bool takes_many(const Node& node) {
  return node.op == "Sum" || node.op == "Mean" || node.op == "Min" || node.op == "Max";
}

void add_chain(const Node& node, Network& network) {
  const auto operands = static_cast<std::int64_t>(node.inputs.size());
  std::string sum = node.inputs[0];
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const bool last = i + 1 == node.inputs.size();
    Node link = node;
    link.inputs = {sum, node.inputs[i]};
    if (!last) {
      link.name = node.name + "/" + std::to_string(i);
      link.outputs = {link.name};
    }
    if (node.op == "Mean") link.attributes.ints["divisor"] = last ? operands : 1;
    sum = link.outputs[0];
    network.nodes.push_back(std::move(link));
  }
}

}  // namespace

Network chained(const Network& network) {
  Network result = network;
  result.nodes.clear();
  for (const Node& node : network.nodes) {
    if (takes_many(node) && node.inputs.size() > 2) {
      add_chain(node, result);
      continue;
    }
    result.nodes.push_back(node);
    if (takes_many(node) && node.inputs.size() == 1) result.nodes.back().op = "Identity";
  }
  return result;
}

}  // namespace bpusim
