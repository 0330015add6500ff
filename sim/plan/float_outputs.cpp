#include "sim/plan/float_outputs.h"

#include <algorithm>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/free_names.h"
#include "sim/operators/families/quantise.h"
#include "sim/operators/operator.h"
#include "sim/plan/copies.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Step* maker_of(const std::string& output, const Network& network, const std::vector<Step>& steps) {
  const auto maker = std::find_if(steps.begin(), steps.end(), [&](const Step& step) {
    return contains(network.nodes[step.nodes.back()].outputs, output);
  });
  return maker == steps.end() ? nullptr : &*maker;
}

// Whether what the step has lies as codes: the BPU made it, or it is an input of the network that has a grid.
// Another shape is the same bytes.
bool lies_as_codes(const Step& step, const Network& network, const std::vector<Step>& steps) {
  const Node& first = network.nodes[step.nodes.front()];
  if (step.on_cpu() || !find_operator(first.op)->alias) return step.on_bpu();
  const std::string& read = first.inputs.at(0);
  const Step* maker = maker_of(read, network, steps);
  return maker == nullptr ? network.values.at(read).grid.has_value() : lies_as_codes(*maker, network, steps);
}

// Why the output cannot leave as float32; empty where it can.
std::string obstacle_of(const std::string& output, const Network& network, const std::vector<Step>& steps) {
  const auto value = network.values.find(output);
  if (value != network.values.end() && value->second.dtype != DType::Float32)
    return "it is " + to_string(value->second.dtype) + ", which stays as it is";
  return maker_of(output, network, steps) == nullptr ? "no operator makes it" : "";
}

Placement placement_of(const std::string& output, const Policy& policy) {
  const PolicyRow* row = policy.row_of(kDequantise);
  if (row != nullptr && row->on == PolicyRow::On::Bpu)
    return {Placement::Where::Bpu, row->reason, row->source};
  if (row == nullptr && policy.otherwise() && policy.otherwise()->where == Placement::Where::Bpu)
    return *policy.otherwise();
  return {Placement::Where::Cpu,
          "output '" + output + "' leaves as float32: the CPU multiplies its codes by their scale",
          row != nullptr ? row->source : ""};
}

void rename(const std::string& value, const std::string& name, Network& network) {
  network.values[name] = network.values.at(value);
  network.values.at(value).grid.reset();
  for (Node& node : network.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), value, name);
    std::replace(node.outputs.begin(), node.outputs.end(), value, name);
  }
}

std::vector<std::string> named(const std::vector<std::string>& names, const Network& network,
                               const std::vector<Step>& steps) {
  std::vector<std::string> outputs;
  for (const std::string& name : names) {
    if (contains(network.outputs, name)) {
      const std::string obstacle = obstacle_of(name, network, steps);
      if (!obstacle.empty())
        throw InputError("float32: output '" + name + "' cannot be float32: " + obstacle);
      outputs.push_back(name);
    } else if (name == kEverything) {
      for (const std::string& output : network.outputs)
        if (obstacle_of(output, network, steps).empty()) outputs.push_back(output);
    } else {
      throw InputError("float32: '" + name + "' is no output of the network" +
                       did_you_mean(name, network.outputs));
    }
  }
  return outputs;
}

}  // namespace

void dequantise_outputs(Network& network, std::vector<Step>& steps, const std::vector<std::string>& names,
                        const Policy& policy) {
  FreeNames free(network);
  std::vector<ValueCopy> copies;
  for (const std::string& output : named(names, network, steps)) {
    const bool done =
        std::any_of(copies.begin(), copies.end(), [&](const ValueCopy& copy) { return copy.copy == output; });
    if (done || !lies_as_codes(*maker_of(output, network, steps), network, steps)) continue;
    copies.push_back({free.take(output + ".codes"), output, kDequantise, placement_of(output, policy)});
    rename(output, copies.back().value, network);
  }
  insert_copies(copies, network, steps, free);
}

}  // namespace bpusim
