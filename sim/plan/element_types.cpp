#include "sim/plan/element_types.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "kernels/vector/vector_int16.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

// Tensors that a name stands for: a node's outputs, or an input of the network.
std::vector<std::string> tensors_of(const std::string& name, const PlacedNetwork& placed) {
  const Network& network = placed.network;
  for (const Step& step : placed.steps)
    for (const std::size_t n : step.nodes)
      if (network.nodes[n].name == name) return network.nodes[step.nodes.back()].outputs;
  if (std::find(network.inputs.begin(), network.inputs.end(), name) != network.inputs.end()) return {name};
  std::vector<std::string> names = network.inputs;
  for (const Step& step : placed.steps) names.push_back(step.name);
  throw InputError("int16: '" + name + "' is no node that runs, and no input of the network" +
                   did_you_mean(name, names));
}

// Marks in `sharing`, which may be another than the placed network's own.
void mark(Sharing& sharing, const PlacedNetwork& placed, const std::vector<std::string>& names) {
  std::set<int> classes;
  for (const std::string& name : names)
    for (const std::string& tensor : tensors_of(name, placed)) {
      const auto found = sharing.grid_classes.find(tensor);
      if (found != sharing.grid_classes.end()) classes.insert(found->second);
    }
  for (const auto& [value, number] : sharing.grid_classes)
    if (classes.count(number) != 0 && !sharing.is_exact(value)) sharing.int16.insert(value);
  for (const Step& step : placed.steps) {
    if (!sharing.is_wide(placed.last_node(step).outputs.at(0))) continue;
    for (const std::size_t n : step.nodes) sharing.int16.insert(placed.network.nodes[n].outputs.at(0));
  }
}

std::string obstacle_with(const Sharing& sharing, const PlacedNetwork& placed) {
  const Network& network = placed.network;
  const auto wide = [&](const std::string& value) { return sharing.is_wide(value); };
  for (const Step& step : placed.steps) {
    if (!step.on_bpu()) continue;
    const Node &first = placed.first_node(step), &last = placed.last_node(step);
    const auto inputs = operands_of(first, network);
    const bool in = std::any_of(inputs.begin(), inputs.end(), wide), out = wide(last.outputs.at(0));
    if ((in || out) && step.placement.where == Placement::Where::Decomposed)
      return step.name + ": a decomposed " + first.op + " " + (in ? "reads" : "writes") +
             " int8 tensors only (int16 lies between its sub-operators); name other nodes under int16, or "
             "take a policy that runs it whole, as full";
    const OperatorDefinition& row = *find_operator(first.op);
    const bool taken = row.takes_int16 != nullptr && row.takes_int16(operation_of(first, network));
    if ((in || out) && !taken)
      return step.name + ": " + first.op + " " + (in ? "reads" : "writes") +
             " int8 tensors only; leave what makes its input, and itself, out of int16";
    // A residual lies beside the sums' own results, element by element.
    const auto tensors = inputs_of(step, network);
    for (std::size_t i = 1; i < tensors.size() && step.nodes.size() > 1; ++i)
      if (wide(tensors[i]) != out)
        return step.name +
               ": its residual and its result must be of one type; name what makes both under int16";
    const auto jumps = [&](std::size_t n) { return !interpolates(network.nodes[n].op); };
    if ((in && !interpolates(first.op)) ||
        (out && std::any_of(step.nodes.begin() + 1, step.nodes.end(), jumps)))
      return step.name + ": " + first.op +
             " has no int16 form, since its function jumps and the table of an int16 function is made of "
             "straight segments; leave what makes its input out of int16";
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

void widen(PlacedNetwork& placed, const std::vector<std::string>& names) {
  if (names.empty()) return;
  for (const std::string& name : names)
    if (const DType dtype = exact_type_of(name, placed); is_exact(dtype))
      throw InputError("int16: '" + name + "' holds " + to_string(dtype) + ", which is on no grid");
  mark(placed.sharing, placed, names);
  const std::string obstacle = int16_obstacle(placed);
  if (!obstacle.empty()) throw InputError(obstacle);
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
