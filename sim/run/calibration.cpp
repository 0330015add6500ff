#include "sim/run/calibration.h"

#include <algorithm>

#include "sim/operators/operator.h"
#include "sim/run/golden.h"

namespace bpusim {

Quantisation calibrate(const std::vector<double>& values, const NodeOptions& options) {
  const auto kept = options.calibration == "percentile" ? without_tails(values, options.percentile)
                    : options.calibration == "mse"      ? least_error_tails(values)
                                                        : values;
  return options.quantisation == "affine" ? affine_grid(kept) : symmetric_grid(kept);
}

namespace {

// The node whose options decide about a value: its maker, or its first reader.
std::map<std::string, const Node*> deciding_nodes(const Network& network) {
  std::map<std::string, const Node*> nodes;
  for (const Node& node : network.nodes) {
    for (const std::string& input : node.inputs) nodes.emplace(input, &node);
    for (const std::string& output : node.outputs) nodes.emplace(output, &node);
  }
  return nodes;
}

// The grid that reaches as far as both do.
Quantisation wider(const Quantisation& a, const Quantisation& b) {
  if (!a.asymmetric && !b.asymmetric) return a.scale >= b.scale ? a : b;
  const auto low = [](const Quantisation& g) { return dequantise(g.lowest(), g); };
  const auto high = [](const Quantisation& g) { return dequantise(g.highest(), g); };
  return affine_grid({std::min(low(a), low(b)), std::max(high(a), high(b))}, a.dtype);
}

void unify(const Sharing& sharing, std::map<std::string, Quantisation>& grids) {
  std::map<int, Quantisation> widest;
  for (const auto& [value, number] : sharing.grid_classes) {
    const auto grid = grids.find(value);
    if (grid == grids.end()) continue;
    const auto [there, fresh] = widest.emplace(number, grid->second);
    if (!fresh) there->second = wider(there->second, grid->second);
  }
  for (const auto& [value, number] : sharing.grid_classes)
    if (widest.count(number) != 0) grids[value] = widest.at(number);
}

}  // namespace

Calibration calibrate(const RunSpec& run, const Network& network, const std::vector<Step>& steps,
                      const Sharing& sharing, GoldenStore& store) {
  Calibration result;
  const auto deciding = deciding_nodes(network);
  const auto see = [&](const std::string& name, const Tensor& tensor) {
    const auto node = deciding.find(name);
    const NodeOptions& options = node == deciding.end() ? run.defaults : run.options_of(node->second->name);
    result.grids[name] = calibrate(tensor.values, options);
    if (sharing.parts.count(name) != 0) store.put(name, tensor.values);
  };
  for (const auto& [name, part] : sharing.parts)
    if (network.values.at(name).constant) see(name, *network.values.at(name).data);
  std::map<std::string, char> floats;  // results that only the host makes
  for (const Step& step : steps)
    for (const std::string& output : network.nodes[step.nodes.back()].outputs) floats[output] = 1;
  GoldenVisitor visitor;
  visitor.number = [&](const std::string& name, const Tensor& tensor) {
    see(name, tensor);
    if (sharing.parts.count(name) == 0 && floats.count(name) != 0) store.put(name, tensor.values);
  };
  visitor.text = [&](const std::string& name, const StringTensor& words) { result.text[name] = words; };
  evaluate(network, visitor);
  unify(sharing, result.grids);
  return result;
}

Calibration nominal_calibration(const RunSpec& run, const Network& network, const Sharing& sharing) {
  Calibration result;
  const auto deciding = deciding_nodes(network);
  for (const auto& [name, value] : network.values) {
    const auto node = deciding.find(name);
    const NodeOptions& options = node == deciding.end() ? run.defaults : run.options_of(node->second->name);
    Quantisation grid;
    grid.asymmetric = options.quantisation == "affine";
    result.grids[name] = grid;
    if (value.text) result.text[name] = *value.text;
  }
  unify(sharing, result.grids);
  return result;
}

}  // namespace bpusim
