// Where a toolchain's model ends: what of its own nodes goes at its edges, and of those that the tool puts
// there, which quantise inputs and dequantise outputs. Only such nodes go: another's name stands for the
// dequantisation behind it.
#include <algorithm>
#include <cctype>
#include <set>

#include "sim/config/suggest.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim::toolchain {

namespace {

constexpr const char* kModel = "model_parameters";

// Types that can go, as models and tools spell them.
const std::vector<std::string> kTypes = {"Quantize", "Transpose", "Dequantize", "Cast", "Reshape", "Softmax"};

bool can_go(const Node& node) {
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](const std::string& type) { return node.op == type || node.op == type + "Linear"; });
}

bool has_type(const Translation& t, const std::string& type) {
  const auto& nodes = t.model.nodes;
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const Node& node) { return node.op == type || node.op == type + "Linear"; });
}

// What a name of the tool's own node begins with: the node or tensor that it stands at. Empty where it is no
// such name.
std::string stem_of(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  for (const std::string suffix : {"_hzcalibration", "_hzquantize", "_hzdequantize", "_calibration",
                                   "_quantizelinear", "_dequantizelinear", "_quantize", "_dequantize"})
    if (lower.size() > suffix.size() &&
        lower.compare(lower.size() - suffix.size(), suffix.size(), suffix) == 0)
      return name.substr(0, name.size() - suffix.size());
  return "";
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void read_removed_name(Translation& t, const Placed<std::string>& name) {
  const std::string stem = stem_of(name.value);
  for (const Node& node : t.model.nodes) {
    const bool named = node.name == name.value;
    if (!named && (stem.empty() || (node.name != stem && !has(node.outputs, stem)))) continue;
    if (named && can_go(node))
      t.source.removed_nodes.push_back(name);
    else
      t.codes.push_back({node.name, name.at});
    return;
  }
  if (!stem.empty() && has(t.model.inputs, stem)) return;  // which is given as codes anyway
  t.strangers.push_back(name);
}

void read_removed_types(Translation& t) {
  const Setting types = t.setting(kModel, "remove_node_type");
  std::vector<std::string> choices = kTypes;
  if (!t.nash()) choices.emplace_back("DequantizeFilter");
  bool own = false;
  for (const Placed<std::string>& type : types.list()) {
    if (!has(choices, type.value)) {
      type.at.fail("'" + type.value + "' is none of the types" + did_you_mean(type.value, choices));
    } else if (type.value == "DequantizeFilter") {
      t.note(type.at, "DequantizeFilter is not modelled: it filters on the host");
    } else {
      const bool of_tool = type.value == "Quantize" || type.value == "Dequantize";
      own = own || of_tool;
      if (!of_tool || has_type(t, type.value)) t.source.removed_ops.push_back(type);
    }
  }
  if (own)
    t.note(types.node(),
           "of the tool's own Quantize and Dequantize: inputs are given as codes here, and outputs leave "
           "without dequantisation");
}

// The node whose result the output holds, perhaps in another order or shape.
const Node* behind_moves(std::string value, const Network& network) {
  for (auto node = network.nodes.rbegin(); node != network.nodes.rend(); ++node) {
    if (!has(node->outputs, value)) continue;
    if (node->op != "Transpose" && node->op != "Reshape") return &*node;
    value = node->inputs.at(0);
  }
  return nullptr;
}

bool names_dequantize(const Translation& t) {
  const auto types = t.setting(kModel, "remove_node_type").list();
  return std::any_of(types.begin(), types.end(),
                     [](const Placed<std::string>& type) { return type.value == "Dequantize"; });
}

}  // namespace

void read_edges(Translation& t) {
  t.source.outputs = t.setting(kModel, "output_nodes").list();
  for (const Placed<std::string>& name : t.setting(kModel, "remove_node_name").list())
    if (!says_nothing(name.value)) read_removed_name(t, name);
  read_removed_types(t);
}

std::optional<Network> what_is_left(const Translation& t) {
  for (const Placed<std::string>& node : t.source.outputs)
    if (!t.not_a_node(node.value).empty()) return std::nullopt;  // said where the model is cut
  Network left = t.model;
  cut_away(t.source, left);
  return left;
}

// Nash dequantises its outputs, all but those whose dequantisation is to go.
void read_types_that_leave(Translation& t) {
  if (!t.nash()) {
    for (const Placed<std::string>& node : t.codes)
      t.note(node.at, "'" + node.value +
                          "' stays: only the tool's dequantisation behind it could go, and outputs "
                          "leave without that here");
    return;
  }
  if (names_dequantize(t)) return;
  const auto left = what_is_left(t);
  if (t.codes.empty() || !left) {
    t.run.float32.emplace_back(kEverything);
    return;
  }
  std::set<std::string> found;
  for (const std::string& output : left->outputs) {
    const Node* maker = behind_moves(output, *left);
    const auto is_maker = [&](const Placed<std::string>& node) { return maker->name == node.value; };
    if (maker == nullptr) continue;
    if (std::any_of(t.codes.begin(), t.codes.end(), is_maker))
      found.insert(maker->name);
    else if (left->values.at(output).dtype == DType::Float32)
      t.run.float32.push_back(output);
  }
  std::string gone;
  for (const Placed<std::string>& node : t.codes)
    if (found.count(node.value) != 0)
      gone += (gone.empty() ? "'" : ", '") + node.value + "'";
    else
      t.note(node.at, "'" + node.value +
                          "' makes no output, so that no dequantisation is behind it: nothing is removed");
  if (!gone.empty())
    t.note(t.codes[0].at, "the dequantisation behind " + gone + " goes: outputs leave there as codes");
}

}  // namespace bpusim::toolchain
