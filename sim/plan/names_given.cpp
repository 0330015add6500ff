#include "sim/plan/names_given.h"

#include <algorithm>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/node_names.h"
#include "sim/plan/element_types.h"
#include "sim/plan/placement.h"

namespace bpusim {

namespace {

void add_no_tensors(const char* key, const std::vector<std::string>& names, const PlacedNetwork& placed,
                    std::vector<std::string>& lines) {
  for (const std::string& name : names) {
    if (name == kEverything) continue;
    const std::string why = no_tensor_named(name, placed);
    if (!why.empty()) lines.push_back(std::string(key) + ": " + why);
  }
}

void add_no_outputs(const char* key, const std::vector<std::string>& names,
                    const std::vector<std::string>& outputs, std::vector<std::string>& lines) {
  for (const std::string& name : names)
    if (name != kEverything && std::find(outputs.begin(), outputs.end(), name) == outputs.end())
      lines.push_back(std::string(key) + ": '" + name + "' is no output of the network" +
                      did_you_mean(name, outputs));
}

}  // namespace

void refuse_unknown_names(const RunSpec& run, const PlacedNetwork& placed) {
  std::vector<std::string> lines = run.unknown_names;
  for (std::string& line : unknown_places(run)) lines.push_back(std::move(line));
  add_no_tensors("int16", run.int16, placed, lines);
  add_no_tensors("int8", run.int8, placed, lines);
  add_no_outputs("int32", run.int32, placed.network.outputs, lines);
  add_no_outputs("float32", run.float32, placed.network.outputs, lines);
  if (!lines.empty()) throw InputError(lines);
}

std::vector<std::string> places_in_vain(const RunSpec& run, const Network& placed) {
  const auto of = [](const std::string& op) { return [&op](const Node& node) { return node.op == op; }; };
  std::vector<std::string> lines;
  for (const auto& [name, request] : run.on) {
    const std::vector<Node>& read = run.network.nodes;
    if (std::any_of(read.begin(), read.end(), of(name)) || !nodes_named(name, run.network).empty()) continue;
    const auto made = std::find_if(placed.nodes.begin(), placed.nodes.end(), of(name));
    lines.push_back("on: " + name + ": the file has no such operator" +
                    (made == placed.nodes.end()
                         ? ""
                         : ", '" + made->name +
                               "' was put together to one: name its nodes, or what stands before their '/'"));
  }
  return lines;
}

}  // namespace bpusim
