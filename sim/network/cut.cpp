#include "sim/network/cut.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>

namespace bpusim {

namespace {

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t reads_of(const std::string& value, const Network& network) {
  std::size_t reads = holds(network.outputs, value) ? 1 : 0;
  for (const Node& node : network.nodes)
    reads += static_cast<std::size_t>(std::count(node.inputs.begin(), node.inputs.end(), value));
  return reads;
}

void leave_out_unread(Network& network) {
  std::set<std::string> wanted(network.outputs.begin(), network.outputs.end());
  std::vector<Node> kept;
  for (auto node = network.nodes.rbegin(); node != network.nodes.rend(); ++node) {
    const bool read = std::any_of(node->outputs.begin(), node->outputs.end(),
                                  [&](const std::string& output) { return wanted.count(output) != 0; });
    if (!read) continue;
    wanted.insert(node->inputs.begin(), node->inputs.end());
    kept.push_back(std::move(*node));
  }
  std::reverse(kept.begin(), kept.end());
  network.nodes = std::move(kept);
}

// Extents of a Reshape's result, where a constant says them.
std::optional<Shape> reshaped(const Node& node, const Shape& from, const Network& network) {
  const auto target = node.inputs.size() < 2 ? network.values.end() : network.values.find(node.inputs[1]);
  if (target == network.values.end() || !target->second.has_numbers()) return std::nullopt;
  Shape to;
  std::optional<std::size_t> open;
  for (const double extent : target->second.numbers()->values) {
    const std::size_t axis = to.size();
    if (extent < 0) open = axis;
    to.push_back(extent < 0 || (extent == 0 && axis >= from.size()) ? 1
                 : extent == 0                                      ? from[axis]
                                                                    : static_cast<std::int64_t>(extent));
  }
  const std::int64_t elements = element_count(from), without = element_count(to);
  if (open && without > 0) to[*open] = elements / without;
  return element_count(to) == elements ? std::optional<Shape>(to) : std::nullopt;
}

// The shape of the node's result, where it follows from that of its first input.
std::optional<Shape> result_shape(const Node& node, const Network& network) {
  const Shape& from = network.shape_of(node.inputs.at(0));
  if (node.op == "Reshape") return reshaped(node, from, network);
  if (node.op == "Transpose") {
    std::vector<std::int64_t> perm = node.attributes.get("perm", std::vector<std::int64_t>{});
    for (std::size_t d = perm.size(); d < from.size(); ++d)
      perm.push_back(static_cast<std::int64_t>(from.size() - 1 - d));
    Shape to;
    for (const std::int64_t axis : perm) {
      if (axis < 0 || axis >= static_cast<std::int64_t>(from.size())) return std::nullopt;
      to.push_back(from[static_cast<std::size_t>(axis)]);
    }
    return to;
  }
  const std::set<std::string> same = {"Cast", "QuantizeLinear", "DequantizeLinear", "Softmax"};
  return same.count(node.op) != 0 ? std::optional<Shape>(from) : std::nullopt;
}

bool leaves(const Node& node, const Network& network) {
  return node.outputs.size() == 1 && !node.inputs.empty() && holds(network.outputs, node.outputs[0]) &&
         reads_of(node.outputs[0], network) == 1 && !holds(network.inputs, node.inputs[0]);
}

bool enters(const Node& node, const Network& network) {
  if (node.outputs.size() != 1 || node.inputs.empty() || !holds(network.inputs, node.inputs[0]) ||
      reads_of(node.inputs[0], network) != 1 || holds(network.outputs, node.outputs[0]))
    return false;
  return std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](const std::string& input) {
    const auto value = network.values.find(input);
    return input.empty() || (value != network.values.end() && value->second.constant);
  });
}

// The input becomes what the node made of it.
void take_input(const Node& node, const Shape& shape, Network& network) {
  const std::string& input = node.inputs[0];
  Value& value = network.values.at(input);
  value.shape = shape;
  if (node.op == "Cast" || node.op == "DequantizeLinear") value.dtype = DType::Float32;
  network.open_axes.erase(input);
  for (Node& reader : network.nodes)
    std::replace(reader.inputs.begin(), reader.inputs.end(), node.outputs[0], input);
}

bool remove_one(const std::function<bool(const Node&)>& matches, Network& network,
                std::vector<std::string>& removed) {
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node node = network.nodes[n];
    if (!matches(node)) continue;
    if (leaves(node, network)) {
      std::replace(network.outputs.begin(), network.outputs.end(), node.outputs[0], node.inputs[0]);
    } else {
      const auto shape = enters(node, network) ? result_shape(node, network) : std::nullopt;
      if (!shape) continue;
      take_input(node, *shape, network);
    }
    network.nodes.erase(network.nodes.begin() + static_cast<std::ptrdiff_t>(n));
    removed.push_back(node.name);
    return true;
  }
  return false;
}

}  // namespace

void end_at(const std::vector<std::string>& nodes, Network& network) {
  network.outputs.clear();
  for (const std::string& name : nodes)
    for (const Node& node : network.nodes)
      if (node.name == name)
        for (const std::string& output : node.outputs)
          if (!output.empty() && !holds(network.outputs, output)) network.outputs.push_back(output);
  leave_out_unread(network);
}

std::vector<std::string> remove_at_edges(const std::function<bool(const Node&)>& matches, Network& network) {
  std::vector<std::string> removed;
  while (remove_one(matches, network, removed)) {
  }
  return removed;
}

}  // namespace bpusim
