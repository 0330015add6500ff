#include "sim/plan/pads.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/operators/operator.h"

namespace bpusim {

namespace {

using Amounts = std::vector<std::int64_t>;

constexpr std::size_t kSpace = 2;  // axes before it are samples and channels

// Zeros before and behind each axis in space, as a convolution's `pads`; nothing where the node does else.
std::optional<Amounts> zeros_of(const Node& pad, const Network& network) {
  if (pad.op != "Pad" || network.unknown.count(pad.inputs.at(0)) != 0 ||
      pad.attributes.get("mode", std::string("constant")) != "constant")
    return std::nullopt;
  const Operation operation = operation_of(pad, network);
  for (std::size_t i = 1; i < pad.inputs.size(); ++i)
    if (!operation.known(i)) return std::nullopt;
  const bool filled = operation.given(2) && !operation.value(2).values.empty();
  if ((filled ? operation.value(2).values[0] : pad.attributes.get("value", 0.0)) != 0) return std::nullopt;
  const Amounts pads = operation.integers("pads", 1);
  const auto rank = static_cast<std::int64_t>(operation.shape().size());
  Amounts axes;
  for (const double axis : operation.value(3).values)
    axes.push_back(static_cast<std::int64_t>(axis) + (axis < 0 ? rank : 0));
  for (std::int64_t d = 0; d < rank && !operation.given(3); ++d) axes.push_back(d);
  if (pads.size() != 2 * axes.size() || rank <= static_cast<std::int64_t>(kSpace)) return std::nullopt;
  const std::size_t space = static_cast<std::size_t>(rank) - kSpace;
  Amounts zeros(2 * space, 0);
  for (std::size_t k = 0; k < pads.size(); ++k) {
    const auto axis = static_cast<std::size_t>(axes[k % axes.size()]);
    if (pads[k] < 0 || (pads[k] > 0 && axis < kSpace) || axis >= static_cast<std::size_t>(rank))
      return std::nullopt;
    if (axis >= kSpace) zeros[axis - kSpace + (k < axes.size() ? 0 : space)] += pads[k];
  }
  return zeros;
}

// Padding of a mean counts as elements only where it says so; an element of a Pad always does.
bool takes_zeros(const Node& node, const std::string& padded, const Amounts& own) {
  if (node.inputs.empty() || node.inputs[0] != padded ||
      std::count(node.inputs.begin(), node.inputs.end(), padded) != 1)
    return false;
  const std::string automatic = node.attributes.get("auto_pad", std::string("NOTSET"));
  if (automatic != "NOTSET" && automatic != "VALID") return false;
  if (node.op == "Conv") return true;
  const bool counts = node.attributes.get("count_include_pad", std::int64_t{0}) != 0 ||
                      std::all_of(own.begin(), own.end(), [](std::int64_t amount) { return amount == 0; });
  return node.op == "AveragePool" && node.attributes.get("ceil_mode", std::int64_t{0}) == 0 && counts;
}

Amounts pads_of(const Node& node, std::size_t count) {
  if (node.attributes.get("auto_pad", std::string("NOTSET")) == "VALID") return Amounts(count, 0);
  return node.attributes.get("pads", Amounts(count, 0));
}

// The node on the tensor without its border.
Node widened(Node node, const std::string& input, const Amounts& zeros) {
  Amounts pads = pads_of(node, zeros.size());
  for (std::size_t k = 0; k < pads.size(); ++k) pads[k] += zeros[k];
  node.inputs[0] = input;
  node.attributes.strings.erase("auto_pad");
  node.attributes.int_lists["pads"] = std::move(pads);
  if (node.op == "AveragePool") node.attributes.ints["count_include_pad"] = 1;
  return node;
}

// A mean has no value where its window lies in its padding alone; over an element of a Pad it has one.
bool fits(const Node& node, const Network& network) {
  try {
    find_operator(node.op)->shapes(operation_of(node, network));
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

bool folds(const Node& reader, const std::string& padded, const std::string& input, const Amounts& zeros,
           const Network& network) {
  const Amounts own = pads_of(reader, zeros.size());
  if (own.size() != zeros.size() || !takes_zeros(reader, padded, own)) return false;
  const Node wide = widened(reader, input, zeros);
  return fits(wide, network) && obstacle_of(wide, network) == obstacle_of(reader, network);
}

}  // namespace

Network pads_in_windows(Network network) {
  std::map<std::string, std::vector<std::size_t>> readers;
  for (std::size_t n = 0; n < network.nodes.size(); ++n)
    for (const std::string& input : network.nodes[n].inputs) readers[input].push_back(n);
  std::vector<char> gone(network.nodes.size(), 0);
  // From the back, so that of two Pads in a row the second goes first.
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const auto zeros = zeros_of(network.nodes[n], network);
    if (!zeros) continue;
    const std::string padded = network.nodes[n].outputs.at(0), input = network.nodes[n].inputs[0];
    const std::vector<std::size_t> by = readers[padded];
    const bool leaves =
        std::find(network.outputs.begin(), network.outputs.end(), padded) != network.outputs.end();
    if (leaves || by.empty() || !std::all_of(by.begin(), by.end(), [&](std::size_t reader) {
          return folds(network.nodes[reader], padded, input, *zeros, network);
        }))
      continue;
    for (const std::size_t reader : by) network.nodes[reader] = widened(network.nodes[reader], input, *zeros);
    std::vector<std::size_t>& of_input = readers[input];
    of_input.erase(std::find(of_input.begin(), of_input.end(), n));
    of_input.insert(of_input.end(), by.begin(), by.end());
    gone[n] = 1;
    network.values.erase(padded);
  }
  std::vector<Node> kept;
  for (std::size_t n = 0; n < network.nodes.size(); ++n)
    if (gone[n] == 0) kept.push_back(std::move(network.nodes[n]));
  network.nodes = std::move(kept);
  return network;
}

}  // namespace bpusim
