// The rooms of a toolchain's YAML, each read into the run that it stands for.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/scenario/model_source.h"
#include "sim/scenario/toolchain/keys.h"
#include "sim/scenario/toolchain/setting.h"

namespace bpusim::toolchain {

struct Translation {
  YamlNode root;
  std::string folder;  ///< of the YAML
  const ReadOptions& options;
  const March& march;
  RunSpec& run;
  ModelSource& source;
  Network model;                               ///< as it is read first: for names, shapes and who reads whom
  std::vector<std::string> inputs;             ///< in the order that values have theirs in
  std::vector<Placed<std::string>> strangers;  ///< names that are said something of, and are no nodes
  std::vector<Placed<std::string>> codes;      ///< nodes whose dequantisation is to go

  std::set<std::string> noted;  ///< images whose pixels are said to stay int8

  YamlNode group(const char* name) const { return root[name]; }
  Setting setting(const char* group_name, const char* key) const { return Setting(root[group_name][key]); }
  bool nash() const { return march.tool == Tool::Compile; }
  /// A line for the report, with the key's place.
  void note(const YamlNode& at, const std::string& what) { run.notes.push_back(at.where() + ": " + what); }
  /// The path beside the YAML, or else from where the program was started, where only that is there.
  std::string find(const std::string& word) const;
  /// The path beside the YAML, or else from where the program was started, if something is there; says it
  /// where nothing is, and is empty then.
  std::string path(const Placed<std::string>& given) const;
  /// Whether it is a node of the model; says it where it is none.
  bool is_node(const std::string& name, const YamlNode& at) const;
  /// The node that a name means; empty where there is none, which note_strangers() says. Files that are tuned
  /// after a tool's logs name nodes that it makes itself, as the two halves of a Div: X_reciprocal, X_mul.
  std::string node_meant(const std::string& name, const YamlNode& at);
  /// One line of the names that are none.
  void note_strangers();
  std::string not_a_node(const std::string& name) const;  ///< empty where it is one
};

/// output_nodes, remove_node_type and remove_node_name.
void read_edges(Translation& t);

/// The model without what goes at its edges; nothing where a name of its output_nodes is none.
std::optional<Network> what_is_left(const Translation& t);

/// In which type outputs leave; behind all that is said of them.
void read_types_that_leave(Translation& t);

/// input_parameters: which inputs are images, of which kinds, shapes, batch. Fills `inputs` too.
void read_input_parameters(Translation& t);

/// calibration_parameters, but for what is about nodes.
void read_calibration_parameters(Translation& t);

/// node_info, run_on_*, set_node_data_type, optimization and quant_config: where nodes run, and in which
/// type.
void read_node_types(Translation& t);

/// quant_config, of which the above are a part.
void read_quant_config(Translation& t);

/// Makes a node's output, or its `input`-th input (-1: all that are computed), of the type. Types that are
/// not here are said.
void set_output_type(Translation& t, const std::string& node, const std::string& type, const YamlNode& at);
void set_input_type(Translation& t, const std::string& node, int input, const std::string& type,
                    const YamlNode& at);
/// Puts a node on the BPU or the CPU.
void set_place(Translation& t, const std::string& node, const Setting& on);

}  // namespace bpusim::toolchain
