#include "sim/plan/element_types.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "kernels/vector/vector_int16.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/node_names.h"
#include "sim/operators/families/quantise.h"
#include "sim/operators/operator.h"
#include "sim/plan/copies.h"
#include "sim/plan/float_tensors.h"

namespace bpusim {

std::string no_tensor_named(const std::string& name, const PlacedNetwork& placed) {
  const Network& network = placed.network;
  std::vector<std::string> names = network.inputs;
  if (std::find(names.begin(), names.end(), name) != names.end() || !nodes_named(name, network).empty())
    return "";
  for (const Step& step : placed.steps) names.push_back(step.name);
  return "'" + name + "' is no node that runs, and no input of the network" + did_you_mean(name, names);
}

namespace {

// Tensors that a name stands for: outputs of nodes, or an input of the network.
std::vector<std::string> named_tensors(const std::string& name, const PlacedNetwork& placed) {
  const std::string why = no_tensor_named(name, placed);
  if (!why.empty()) throw InputError("int16: " + why);
  const Network& network = placed.network;
  const std::vector<std::string> nodes = nodes_named(name, network);
  if (nodes.empty()) return {name};
  std::vector<std::string> tensors;
  for (const Step& step : placed.steps) {
    const bool named = std::any_of(step.nodes.begin(), step.nodes.end(), [&](std::size_t n) {
      return std::find(nodes.begin(), nodes.end(), network.nodes[n].name) != nodes.end();
    });
    const std::vector<std::string>& outputs = network.nodes[step.nodes.back()].outputs;
    if (named) tensors.insert(tensors.end(), outputs.begin(), outputs.end());
  }
  return tensors;
}

// The same, and their copies for the BPU where they lie as float32.
std::vector<std::string> tensors_of(const std::string& name, const PlacedNetwork& placed) {
  std::vector<std::string> tensors = named_tensors(name, placed);
  for (std::size_t i = tensors.size(); i-- > 0;)
    for (std::string& copy : quantised_copies(placed.network, tensors[i])) tensors.push_back(std::move(copy));
  return tensors;
}

// Marks what the names stand for, and tensors beside them, in `sharing`, which may be another than the placed
// network's own.
void mark(Sharing& sharing, const PlacedNetwork& placed, const std::vector<std::string>& names,
          const std::set<std::string>& tensors = {}) {
  std::set<int> classes;
  for (const std::string& tensor : tensors) classes.insert(sharing.grid_classes.at(tensor));
  for (const std::string& name : names)
    for (const std::string& tensor : tensors_of(name, placed)) {
      const auto found = sharing.grid_classes.find(tensor);
      if (found != sharing.grid_classes.end()) classes.insert(found->second);
    }
  for (const auto& [value, number] : sharing.grid_classes)
    if (classes.count(number) != 0 && !sharing.is_exact(value) && !sharing.is_float(value))
      sharing.int16.insert(value);
  for (const Step& step : placed.steps) {
    if (!sharing.is_wide(placed.last_node(step).outputs.at(0))) continue;
    for (const std::size_t n : step.nodes) sharing.int16.insert(placed.network.nodes[n].outputs.at(0));
  }
}

// Whether the BPU's lowering of the step takes int16 at all, and why not.
std::string no_int16_form(const Step& step, const PlacedNetwork& placed) {
  const Node& first = placed.first_node(step);
  if (step.placement.where == Placement::Where::Decomposed)
    return "a decomposed " + first.op +
           " reads and writes int8 tensors only (int16 lies between its sub-operators); take a policy that "
           "runs it whole, as full";
  const OperatorDefinition& row = *find_operator(first.op);
  if (row.takes_int16 == nullptr || !row.takes_int16(operation_of(first, placed.network)))
    return first.op + " reads and writes int8 tensors only";
  return "";
}

bool jumps(const Node& node) {
  return !interpolates(node.op);
}

bool reads_int16(const Step& step, const PlacedNetwork& placed) {
  return !step.on_bpu() || (no_int16_form(step, placed).empty() && !jumps(placed.first_node(step)));
}

// Why the step cannot write int16; empty where it can.
std::string int16_result_obstacle(const Step& step, const PlacedNetwork& placed) {
  if (!step.on_bpu()) return "";
  std::string why = no_int16_form(step, placed);
  for (std::size_t k = 1; k < step.nodes.size() && why.empty(); ++k)
    if (const Node& node = placed.network.nodes[step.nodes[k]]; jumps(node))
      why = node.op +
            " has no int16 form behind sums, since its function jumps and the table of an int16 function is "
            "made of straight segments";
  return why;
}

std::string obstacle_with(const Sharing& sharing, const PlacedNetwork& placed) {
  for (const Step& step : placed.steps) {
    if (!sharing.is_wide(placed.last_node(step).outputs.at(0))) continue;
    const std::string why = int16_result_obstacle(step, placed);
    if (!why.empty()) return step.name + ": " + why + "; leave it out of int16";
  }
  return "";
}

}  // namespace

std::string int16_obstacle(const PlacedNetwork& placed) {
  return obstacle_with(placed.sharing, placed);
}

namespace {

// The type of a tensor of the name that is on no grid; Float32 where there is none.
DType exact_type_of(const std::string& name, const PlacedNetwork& placed) {
  for (const std::string& tensor : tensors_of(name, placed))
    if (placed.sharing.is_exact(tensor)) return placed.sharing.dtype_of(tensor);
  return DType::Float32;
}

}  // namespace

namespace {

// All that can be int16 but what is kept: inputs of the network, and steps that can write it. What has an
// int8 grid of its own, as pixels have, is as exact as it gets.
std::vector<std::string> everything(const PlacedNetwork& placed, const std::vector<std::string>& kept) {
  const auto is_kept = [&](const std::string& name) {
    return std::find(kept.begin(), kept.end(), name) != kept.end();
  };
  const auto is_free = [&](const std::string& value) {
    const auto& grid = placed.network.values.at(value).grid;
    return !grid || grid->dtype != DType::Int8;
  };
  std::vector<std::string> names;
  for (const std::string& input : placed.network.inputs)
    if (placed.sharing.parts.count(input) != 0 && is_free(input) && !is_kept(input)) names.push_back(input);
  for (const Step& step : placed.steps) {
    const bool any_kept = std::any_of(step.nodes.begin(), step.nodes.end(),
                                      [&](std::size_t n) { return is_kept(placed.network.nodes[n].name); });
    const std::string& output = placed.last_node(step).outputs.at(0);
    if (!any_kept && (output.empty() || is_free(output)) && int16_result_obstacle(step, placed).empty())
      names.push_back(step.name);
  }
  return names;
}

bool names_a_tensor(const std::string& name, const PlacedNetwork& placed) {
  const auto& inputs = placed.network.inputs;
  return std::find(inputs.begin(), inputs.end(), name) != inputs.end() ||
         std::any_of(placed.network.nodes.begin(), placed.network.nodes.end(),
                     [&](const Node& node) { return node.name == name; });
}

// `names`, with what the word for everything stands for in its place; that leaves out what is on no grid.
std::vector<std::string> spelled_out(const std::vector<std::string>& names,
                                     const std::vector<std::string>& kept, const PlacedNetwork& placed) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    if (name != kEverything || names_a_tensor(name, placed)) {
      if (const DType dtype = exact_type_of(name, placed); is_exact(dtype))
        throw InputError("int16: '" + name + "' holds " + to_string(dtype) + ", which is on no grid");
      all.push_back(name);
      continue;
    }
    for (std::string& each : everything(placed, kept))
      if (!is_exact(exact_type_of(each, placed))) all.push_back(std::move(each));
  }
  return all;
}

// A value that a step reads as it does not lie, and the step.
struct Meeting {
  std::string value;
  std::size_t step = 0;
  bool wide = false;      // as the step takes it
  bool residual = false;  // read by a node behind the step's first
};

// What a step reads in the other type; and what it makes in int8, where that lies on one grid with int16.
std::vector<Meeting> meetings(const PlacedNetwork& placed, const std::set<std::string>& named) {
  const Sharing& sharing = placed.sharing;
  std::vector<Meeting> found;
  std::set<std::string> narrow;  // results in int8 only, which readers take as int16
  for (const Step& step : placed.steps) {
    const std::string& output = placed.last_node(step).outputs.at(0);
    if (sharing.is_wide(output) && named.count(output) == 0 && !int16_result_obstacle(step, placed).empty())
      narrow.insert(output);
  }
  for (std::size_t s = 0; s < placed.steps.size(); ++s) {
    const Step& step = placed.steps[s];
    if (!step.on_bpu()) continue;
    const auto inputs = inputs_of(step, placed.network);
    const bool reads = reads_int16(step, placed), out = sharing.is_wide(placed.last_node(step).outputs.at(0));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (sharing.is_exact(inputs[i]) || sharing.is_float(inputs[i])) continue;
      const bool wide = sharing.is_wide(inputs[i]), residual = i > 0 && step.nodes.size() > 1;
      const bool made_narrow = narrow.count(inputs[i]) != 0;
      const bool to_int16 = (made_narrow && reads) || (!wide && residual && out);
      const bool to_int8 = wide && !made_narrow && (!reads || (residual && !out));
      if (to_int16 || to_int8) found.push_back({inputs[i], s, to_int16, residual});
    }
  }
  return found;
}

// Steps that requantise, one for each value and type that is asked for. Adds to `wide` the copies in int16.
void requantise(const std::vector<Meeting>& meetings, PlacedNetwork& placed, std::set<std::string>& wide) {
  FreeNames names(placed.network);
  std::map<std::pair<std::string, bool>, ValueCopy> copies;
  for (const Meeting& meeting : meetings) {
    const std::pair<std::string, bool> key{meeting.value, meeting.wide};
    if (copies.count(key) == 0)
      copies[key] = {meeting.value,
                     names.take(meeting.value + (meeting.wide ? ".int16" : ".int8")),
                     kRequantise,
                     {Placement::Where::Bpu,
                      placed.steps[meeting.step].name + " takes '" + meeting.value + "' as " +
                          (meeting.wide ? "int16" : "int8"),
                      ""}};
    const auto& nodes = placed.steps[meeting.step].nodes;
    read_copy(copies.at(key), placed.network,
              meeting.residual ? std::vector<std::size_t>(nodes.begin() + 1, nodes.end())
                               : std::vector<std::size_t>{nodes.front()});
  }
  std::vector<ValueCopy> list;
  for (const auto& [key, copy] : copies) {
    if (key.second) wide.insert(copy.copy);
    if (!placed.network.values.at(copy.value).constant) list.push_back(copy);  // else it is held twice
  }
  insert_copies(list, placed.network, placed.steps, names);
  std::set<std::string> sums = std::move(placed.sharing.sums);
  placed.sharing = plan_sharing(placed.network, placed.steps, placed.sharing.float32);
  placed.sharing.sums = std::move(sums);
}

}  // namespace

void widen(PlacedNetwork& placed, const std::vector<std::string>& given,
           const std::vector<std::string>& kept) {
  for (const std::string& name : kept) tensors_of(name, placed);  // says of a name that is none
  if (given.empty()) return;
  const auto names = spelled_out(given, kept, placed);
  std::set<std::string> named, copies;
  for (const std::string& name : names)
    for (const std::string& tensor : tensors_of(name, placed)) named.insert(tensor);
  // Each round mends what the one before it showed; a value that is asked for in both types ends it.
  for (std::size_t round = 0; round <= placed.network.values.size(); ++round) {
    mark(placed.sharing, placed, names, copies);
    const auto found = meetings(placed, named);
    if (found.empty()) break;
    requantise(found, placed, copies);
  }
  const std::string obstacle = int16_obstacle(placed);
  if (!obstacle.empty()) throw InputError(obstacle);
}

std::vector<std::string> names_of_floats(const PlacedNetwork& placed, const std::vector<std::string>& names) {
  std::vector<std::string> floats;
  for (const std::string& name : names) {
    if (name == kEverything && !names_a_tensor(name, placed)) continue;
    const auto tensors = tensors_of(name, placed);
    if (std::all_of(tensors.begin(), tensors.end(),
                    [&](const std::string& tensor) { return placed.sharing.is_float(tensor); }))
      floats.push_back(name);
  }
  return floats;
}

std::vector<std::string> values_widened_by(const PlacedNetwork& placed, const std::string& name) {
  const std::set<std::string>& before = placed.sharing.int16;
  Sharing with = placed.sharing;
  mark(with, placed, {name});
  std::vector<std::string> values;
  std::set_difference(with.int16.begin(), with.int16.end(), before.begin(), before.end(),
                      std::back_inserter(values));
  return values;
}

namespace {

// A step that is on one side of its residual's type, or what makes the residual; empty where all agree.
std::string lacking(const Sharing& sharing, const PlacedNetwork& placed) {
  std::map<std::string, std::string> makers;
  for (const Step& step : placed.steps) {
    const Node& last = placed.last_node(step);
    for (const std::string& output : last.outputs) makers[output] = step.name;
    const auto tensors = inputs_of(step, placed.network);
    const bool out = sharing.is_wide(last.outputs.at(0));
    for (std::size_t i = 1; i < tensors.size() && step.nodes.size() > 1; ++i) {
      if (sharing.is_wide(tensors[i]) == out) continue;
      const auto maker = makers.find(tensors[i]);
      return !out ? step.name : maker == makers.end() ? tensors[i] : maker->second;
    }
  }
  return "";
}

}  // namespace

std::vector<std::string> widenable(const PlacedNetwork& placed, const std::vector<std::string>& names) {
  std::vector<std::string> taken;
  Sharing so_far = placed.sharing;
  for (const std::string& name : names) {
    if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
    if (is_exact(exact_type_of(name, placed))) continue;
    Sharing with = so_far;
    std::vector<std::string> together;
    for (std::string next = name; !next.empty(); next = lacking(with, placed)) {
      mark(with, placed, {next});
      together.push_back(next);
    }
    if (!obstacle_with(with, placed).empty()) continue;
    taken.insert(taken.end(), together.begin(), together.end());
    so_far = std::move(with);
  }
  return taken;
}

}  // namespace bpusim
