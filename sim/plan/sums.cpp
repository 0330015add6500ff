#include "sim/plan/sums.h"

#include <algorithm>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/operators/mac_step.h"

namespace bpusim {

namespace {

// Whether the n-th node of a step goes into the weights and biases of its first.
bool folds_into_weights(const Step& step, std::size_t n, const PlacedNetwork& placed) {
  const Network& network = placed.network;
  const Node& node = network.nodes[step.nodes[n]];
  const std::string& read = network.nodes[step.nodes[n - 1]].outputs.at(0);
  if (network.values.at(read).grid) return false;  // rounded to it first
  return node.op == "BatchNormalization" ||
         !folded_constant(placed.first_node(step), node, read, network).empty();
}

std::string reader_of(const std::string& value, const PlacedNetwork& placed) {
  for (const Step& step : placed.steps)
    for (const std::string& input : inputs_of(step, placed.network))
      if (input == value) return step.name;
  return "";
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Null where no step has the output as its first.
const Step* maker_of(const std::string& output, const PlacedNetwork& placed) {
  const auto maker = std::find_if(placed.steps.begin(), placed.steps.end(), [&](const Step& step) {
    return placed.last_node(step).outputs.at(0) == output;
  });
  return maker == placed.steps.end() ? nullptr : &*maker;
}

// Why the output cannot be the sums of the step that makes it; empty where it can.
std::string obstacle_of(const std::string& output, const PlacedNetwork& placed) {
  const Network& network = placed.network;
  if (placed.sharing.is_float(output)) return "it leaves as float32";
  if (placed.sharing.is_exact(output)) return "it holds whole numbers as they are";
  const Step* maker = maker_of(output, placed);
  if (maker == nullptr) return "no operator makes it";
  if (!maker->on_bpu()) return maker->name + " runs on the CPU";
  if (!has_weights(placed.first_node(*maker), network))
    return maker->name + " (" + maker->op + ") is no convolution or product with constant weights";
  for (std::size_t n = 1; n < maker->nodes.size(); ++n)
    if (const Node& node = network.nodes[maker->nodes[n]]; !folds_into_weights(*maker, n, placed))
      return node.name + " (" + node.op + ") follows the sums in " + maker->name;
  if (network.values.at(output).grid) return "the model gives it a grid";
  if (const std::string reader = reader_of(output, placed); !reader.empty()) return reader + " reads it too";
  return "";
}

// Whether nothing else is said of the output, and sums of int8 activations stay within int32.
bool is_free(const std::string& output, const PlacedNetwork& placed, const std::vector<std::string>& kept) {
  const Step& maker = *maker_of(output, placed);
  if (placed.sharing.is_wide(output) || placed.sharing.is_wide(placed.first_node(maker).inputs.at(0)))
    return false;
  return std::none_of(maker.nodes.begin(), maker.nodes.end(),
                      [&](std::size_t n) { return contains(kept, placed.network.nodes[n].name); });
}

}  // namespace

void keep_sums(PlacedNetwork& placed, const std::vector<std::string>& names,
               const std::vector<std::string>& kept) {
  const std::vector<std::string>& outputs = placed.network.outputs;
  for (const std::string& name : names) {
    if (contains(outputs, name)) {
      const std::string obstacle = obstacle_of(name, placed);
      if (!obstacle.empty())
        throw InputError("int32: output '" + name + "' cannot be int32: " + obstacle +
                         "; without a word it is int8, with int16 it loses little");
      placed.sharing.sums.insert(name);
    } else if (name == kEverything) {
      for (const std::string& output : outputs)
        if (obstacle_of(output, placed).empty() && is_free(output, placed, kept))
          placed.sharing.sums.insert(output);
    } else {
      throw InputError("int32: '" + name + "' is no output of the network" + did_you_mean(name, outputs));
    }
  }
}

}  // namespace bpusim
