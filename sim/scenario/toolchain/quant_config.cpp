// hb_compile's quant_config: types and calibration of the model, of operators, of subgraphs and of nodes;
// what comes later in this order wins.
#include <algorithm>
#include <cctype>
#include <map>

#include "sim/config/suggest.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim::toolchain {

namespace {

const std::vector<std::string> kTypes = {"int8", "int16", "int32", "float16", "float32", "dual-int16"};

// Files spell operators as ONNX does, and in lower case.
std::string lower_case(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return word;
}

using Types = std::map<std::string, Placed<std::string>>;  // of nodes' results

// dual-int16 makes both operands int16; float16 is none of the grids here.
void set_type(Translation& t, const std::string& node, const Setting& type, Types& types) {
  const std::string word = type.choice("int8", kTypes);
  if (word == "dual-int16") {
    set_input_type(t, node, -1, "int16", type.node());
    types[node] = {"int8", type.node()};
    t.note(type.node(), "dual-int16: the operands are int16, weights stay int8");
  } else if (word == "float32") {
    t.run.on[node] = Request::Cpu;  // which computes in float32
  } else {
    types[node] = {word, type.node()};
  }
}

// The operand that input0, or InputType0, is about; -1 for other words.
int operand_of(std::string key) {
  if (key.rfind("inputtype", 0) == 0) key.erase(5, 4);
  const bool is = key.rfind("input", 0) == 0 && key.size() > 5 && key.size() < 8 &&
                  key.find_first_not_of("0123456789", 5) == std::string::npos;
  return is ? std::stoi(key.substr(5)) : -1;
}

void read_of_node(Translation& t, const std::string& name, const YamlNode& of, Types& types) {
  for (const std::string& key : of.keys()) {
    const Setting value(of[key]);
    const int operand = operand_of(lower_case(key));
    if (key == "qtype") {
      set_type(t, name, value, types);
    } else if (key == "ON") {
      set_place(t, name, value);
    } else if (operand >= 0) {
      set_input_type(t, name, operand, value.choice("int8", kTypes), value.node());
    } else {
      value.fail("unknown key" + did_you_mean(key, {"qtype", "ON", "input0", "input1"}));
    }
  }
}

// A list of one is that one: nothing is to be chosen among.
Setting alone(const YamlNode& node) {
  return Setting(node.is_list() && node.items().size() == 1 ? node.items()[0] : node);
}

void read_activation(Translation& t, const YamlNode& activation) {
  const Setting type = alone(activation["calibration_type"]), asymmetric = alone(activation["asymmetric"]),
                per_channel = alone(activation["per_channel"]),
                percentile = alone(activation["max_percentile"]);
  if (type.node().is_list()) {
    for (const auto& one : type.list())
      if (one.value != "max" && one.value != "kl" && one.value != "load")
        one.at.fail("'" + one.value + "' is none of the choices (there are: max, kl, load)");
    t.run.defaults.calibration = "auto";
    t.note(type.node(), "a list is read as calibration: auto");
  } else if (type.given()) {
    const std::string word = type.choice("max", {"max", "kl", "load"});
    t.run.defaults.calibration = word == "kl" ? "kl" : "max";
  }
  if (percentile.given() && !percentile.node().is_list()) {
    t.run.defaults.percentile = percentile.number(1, 0, 1);
    if (t.run.defaults.percentile < 1 && t.run.defaults.calibration == "max")
      t.run.defaults.calibration = "percentile";
  } else if (percentile.given()) {
    t.note(percentile.node(), "a list is not searched: calibration: auto tries percentiles");
  }
  if (asymmetric.node().is_list())
    t.note(asymmetric.node(), "a list is not searched: symmetric grids are taken");
  else if (asymmetric.flag(false))
    t.run.defaults.quantisation = GridKind::Affine;
  if (per_channel.node().is_list() || per_channel.flag(false))
    t.note(per_channel.node(), "is not modelled: a tensor has one scale; weights have one a channel");
  for (const char* more : {"num_bin", "max_num_bin", "search_strategy"})
    if (const Setting key(activation[more]); key.given()) t.note(key.node(), "is not modelled");
  activation.close();
}

void read_model_config(Translation& t, const YamlNode& config, Types& types) {
  if (!config.exists()) return;
  const Setting all(config["all_node_type"]);
  if (const std::string word = all.choice("int8", {"int8", "int16", "float16"}); word == "int16")
    t.run.int16.emplace_back(kEverything);
  else if (word != "int8")
    t.note(all.node(), word + " is not modelled: int8 and int16 are");
  if (config["activation"].exists()) read_activation(t, config["activation"]);
  if (const Setting output(config["model_output_type"]); output.given())
    for (const Node& node : t.model.nodes)
      for (const std::string& value : node.outputs)
        if (std::find(t.model.outputs.begin(), t.model.outputs.end(), value) != t.model.outputs.end())
          set_type(t, node.name, output, types);
  for (const char* more : {"weight", "default", "modelwise_search", "layerwise_search", "default_optimize"})
    if (const Setting key(config[more]); key.given()) t.note(key.node(), "is not modelled");
  config.close();
}

void read_op_config(Translation& t, const YamlNode& config, Types& types) {
  for (const std::string& op : config.keys()) {
    const YamlNode of = config[op];
    const auto is_op = [&](const Node& node) { return lower_case(node.op) == lower_case(op); };
    if (std::none_of(t.model.nodes.begin(), t.model.nodes.end(), is_op)) t.note(of, "the model has no " + op);
    for (const Node& node : t.model.nodes)
      if (is_op(node)) read_of_node(t, node.name, of, types);
  }
}

// Nodes that lie on a way from any of the inputs' nodes to any of the outputs'.
std::vector<std::string> nodes_between(const Translation& t, const std::vector<std::string>& from,
                                       const std::vector<std::string>& to) {
  const auto& nodes = t.model.nodes;
  const auto is_in = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  std::map<std::string, bool> behind, before;  // by value
  std::vector<char> reached(nodes.size(), 0);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    bool here = is_in(from, nodes[n].name);
    for (const std::string& input : nodes[n].inputs) here = here || behind[input];
    reached[n] = here ? 1 : 0;
    for (const std::string& output : nodes[n].outputs) behind[output] = here;
  }
  std::vector<std::string> names;
  for (std::size_t n = nodes.size(); n-- > 0;) {
    bool here = is_in(to, nodes[n].name);
    for (const std::string& output : nodes[n].outputs) here = here || before[output];
    if (here)
      for (const std::string& input : nodes[n].inputs) before[input] = true;
    if (here && reached[n] != 0) names.push_back(nodes[n].name);
  }
  return names;
}

void read_subgraph_config(Translation& t, const YamlNode& config, Types& types) {
  for (const std::string& name : config.keys()) {
    const YamlNode of = config[name];
    std::vector<std::string> from, to;
    for (const auto& [key, list] : {std::pair("inputs", &from), std::pair("outputs", &to)})
      for (const auto& node : Setting(of[key]).list())
        if (t.is_node(node.value, node.at)) list->push_back(node.value);
    for (const std::string& node : nodes_between(t, from, to)) set_type(t, node, Setting(of["qtype"]), types);
    of.close();
  }
}

void read_config(Translation& t, const YamlNode& config) {
  Types types;
  read_model_config(t, config["model_config"], types);
  read_op_config(t, config["op_config"], types);
  read_subgraph_config(t, config["subgraph_config"], types);
  const YamlNode nodes = config["node_config"];
  for (const std::string& given : nodes.keys())
    if (const std::string name = t.node_meant(given, nodes[given]); !name.empty())
      read_of_node(t, name, nodes[given], types);
  for (const char* key : {"activation", "weight", "modelwise_search", "layerwise_search"})
    if (const Setting inner(config[key]); inner.given()) {
      t.note(inner.node(), "belongs into model_config: it is not used here");
    }
  config.close();
  for (const auto& [node, type] : types) set_output_type(t, node, type.value, type.at);
}

}  // namespace

void read_quant_config(Translation& t) {
  const Setting config = t.setting("calibration_parameters", "quant_config");
  if (!config.given()) return;
  if (config.node().is_map()) return read_config(t, config.node());
  const std::string path = t.path({config.word(), config.node()});
  if (path.empty()) return;
  Problems problems;
  const YamlNode file =
      YamlNode::read_text(read_yaml(path, t.options.memory_limit), path, problems);  // JSON is YAML
  file.take_last_of_twice(t.run.notes);
  read_config(t, file);
  problems.raise();
}

}  // namespace bpusim::toolchain
