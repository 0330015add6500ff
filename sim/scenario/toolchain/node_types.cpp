#include <algorithm>
#include <set>

#include "sim/config/suggest.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim::toolchain {

namespace {

constexpr const char* kModel = "model_parameters";
constexpr const char* kCalibration = "calibration_parameters";

const Node* node_named(const Network& network, const std::string& name) {
  for (const Node& node : network.nodes)
    if (node.name == name) return &node;
  return nullptr;
}

// Adds a node, or an input of the network, to those that are int16.
void widen(Translation& t, const std::string& name) {
  auto& names = t.run.int16;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// The name under which `int16` has a value: of the node that makes it, or of the input; empty for constants.
std::string maker_of(const std::string& value, const Network& network) {
  for (const Node& node : network.nodes)
    if (std::find(node.outputs.begin(), node.outputs.end(), value) != node.outputs.end()) return node.name;
  const auto& inputs = network.inputs;
  return std::find(inputs.begin(), inputs.end(), value) != inputs.end() ? value : "";
}

// Whether the type is int16; int8 is what all are without a word, and others are said.
bool is_int16(Translation& t, const std::string& type, const YamlNode& at) {
  if (type == "int8") return false;
  if (type != "int16") {
    t.note(at, "type " + type + " is not modelled: int8 and int16 are");
    return false;
  }
  if (std::string(t.march.name) == "bernoulli2") {
    t.note(at, "int16 is not on bernoulli2 (X3): int8 is taken");
    return false;
  }
  return true;
}

void read_places(Translation& t, const char* key, Request request) {
  const Setting nodes = t.setting(kCalibration, key);
  for (const Placed<std::string>& given : nodes.list()) {
    const std::string node = t.node_meant(given.value, given.at);
    if (node.empty()) continue;
    const auto [on, added] = t.run.on.emplace(node, request);
    if (!added && on->second != request)
      t.note(given.at, "of '" + node + "' is not used: node_info, or the key before it, says the other");
  }
}

// "name:int16;name:int16". Names may have colons of their own.
void read_output_types(Translation& t, const Setting& setting) {
  for (const Placed<std::string>& entry : setting.list()) {
    const auto colon = entry.value.rfind(':');
    if (colon == std::string::npos) {
      entry.at.fail("'" + entry.value + "' is no node with a type, as Conv_0:int16");
      continue;
    }
    set_output_type(t, parts_of(entry.value.substr(0, colon), ";")[0],
                    parts_of(entry.value.substr(colon + 1), ";")[0], entry.at);
  }
}

void read_node_info(Translation& t, const YamlNode& info) {
  for (const std::string& given : info.keys()) {
    const YamlNode of = info[given];
    const std::string name = t.node_meant(given, of);
    if (name.empty()) continue;
    for (const std::string& key : of.keys()) {
      const Setting value(of[key]);
      if (key == "ON") {
        set_place(t, name, value);
      } else if (key == "OutputType") {
        set_output_type(t, name, value.word("int8"), value.node());
      } else if (key.rfind("InputType", 0) == 0 &&
                 key.find_first_not_of("0123456789", 9) == std::string::npos && key.size() < 12) {
        set_input_type(t, name, key.size() > 9 ? std::stoi(key.substr(9)) : -1, value.word("int8"),
                       value.node());
      } else {
        value.fail("unknown key" +
                   did_you_mean(key, {"ON", "InputType", "InputType0", "InputType1", "OutputType"}));
      }
    }
  }
}

void set_operator_types(Translation& t, const Placed<std::string>& option) {
  const auto parts = parts_of(option.value, "_");  // set, OP, input or output, type
  bool any = false;
  for (const Node& node : t.model.nodes) {
    if (node.op != parts[1]) continue;
    any = true;
    t.run.on.emplace(node.name, Request::Bpu);  // which has it in that type; the CPU's is float32
    if (parts[2] == "output")
      set_output_type(t, node.name, parts[3], option.at);
    else
      set_input_type(t, node.name, -1, parts[3], option.at);
  }
  if (!any) t.note(option.at, option.value + ": the model has no " + parts[1]);
}

// Of the model that is left of the file's.
void set_types_of_outputs(Translation& t, const std::string& type, const YamlNode& at) {
  const auto left = what_is_left(t);
  if (!left) return;
  for (const std::string& output : left->outputs)
    if (const std::string maker = maker_of(output, *left); !maker.empty())
      set_output_type(t, maker, type, at);
}

void read_optimization(Translation& t) {
  bool outputs_on_grids = t.nash();  // which dequantises on the BPU
  for (const Placed<std::string>& option : t.setting(kCalibration, "optimization").list(";,")) {
    const auto parts = parts_of(option.value, "_");
    if (parts.back() == "int16" && std::string(t.march.name) == "bernoulli2") {
      option.at.fail("int16 is not on bernoulli2 (X3)");
    } else if (option.value == "run_fast") {
      t.note(option.at, "run_fast is not modelled: all calibration is done");
    } else if (option.value == "asymmetric" || option.value == "bias_correction" ||
               option.value == "lstm_batch_last") {
      t.note(option.at, option.value + " is not modelled");
    } else if (option.value == "set_model_output_int8" || option.value == "set_model_output_int16") {
      outputs_on_grids = true;
      set_types_of_outputs(t, parts.back(), option.at);
    } else if (option.value == "set_all_nodes_int16") {
      if (is_int16(t, "int16", option.at)) widen(t, kEverything);
    } else if (parts.size() == 4 && parts[0] == "set" && (parts[2] == "input" || parts[2] == "output") &&
               (parts[3] == "int8" || parts[3] == "int16")) {
      set_operator_types(t, option);
    } else {
      option.at.fail("'" + option.value + "' is no option" +
                     did_you_mean(option.value,
                                  {"set_model_output_int8", "set_model_output_int16", "set_all_nodes_int16",
                                   "set_Softmax_input_int8", "set_Softmax_output_int8", "run_fast",
                                   "asymmetric", "bias_correction", "lstm_batch_last"}));
    }
  }
  if (!outputs_on_grids) t.run.int32.emplace_back(kEverything);
}

}  // namespace

void set_output_type(Translation& t, const std::string& name, const std::string& type, const YamlNode& at) {
  const std::string node = t.node_meant(name, at);
  if (node.empty()) return;
  if (type == "int8") t.run.int8.push_back(node);
  if (is_int16(t, type, at)) widen(t, node);
}

void set_input_type(Translation& t, const std::string& name, int input, const std::string& type,
                    const YamlNode& at) {
  const Node* node = node_named(t.model, name);
  if (node == nullptr) return;
  if (input >= static_cast<int>(node->inputs.size()))
    return at.fail("'" + name + "' has " + std::to_string(node->inputs.size()) + " inputs");
  for (std::size_t i = 0; i < node->inputs.size(); ++i) {
    if (input >= 0 && i != static_cast<std::size_t>(input)) continue;
    const std::string maker = maker_of(node->inputs[i], t.model);
    if (maker.empty()) continue;
    if (t.source.pixels.count(maker) != 0) {
      if (type == "int16" && t.noted.insert(maker).second)
        t.note(at, "'" + maker + "' is an image, whose pixels are int8, also for '" + name + "' behind them");
      continue;
    }
    if (type == "int8") t.run.int8.push_back(maker);
    if (is_int16(t, type, at)) widen(t, maker);
  }
}

void set_place(Translation& t, const std::string& node, const Setting& on) {
  if (const auto request = parse_request(on.choice("", {"BPU", "CPU"}) == "CPU" ? "cpu" : "bpu"); request)
    t.run.on[node] = *request;
}

void read_node_types(Translation& t) {
  const Setting info = t.setting(kModel, "node_info"), types = t.setting(kModel, "set_node_data_type");
  if (types.given()) t.note(types.node(), "is deprecated for node_info; it is honoured here");
  if (info.node().is_map())
    read_node_info(t, info.node());
  else
    read_output_types(t, info);
  read_output_types(t, types);
  read_places(t, "run_on_cpu", Request::Cpu);
  read_places(t, "run_on_bpu", Request::Bpu);
  read_optimization(t);
  if (t.nash()) read_quant_config(t);
  const auto& wide = t.run.int16;
  if (std::find(wide.begin(), wide.end(), kEverything) == wide.end() && t.run.int32.empty())
    t.run.int8.clear();  // as all others are
}

}  // namespace bpusim::toolchain
