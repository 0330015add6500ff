#include "sim/quantise/calibration.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>

#include "sim/input_error.h"
#include "sim/operators/families/quantise.h"
#include "sim/operators/operator.h"
#include "sim/plan/copies.h"
#include "sim/quantise/given.h"
#include "sim/quantise/golden.h"

namespace bpusim {

double ReaderLoss::at(double magnitude) const {
  const double k = magnitude > 0 ? 4 * std::log2(largest / magnitude) : 0;
  return by_end.at(
      static_cast<std::size_t>(std::clamp(std::nearbyint(k), 0.0, static_cast<double>(by_end.size()) - 1)));
}

std::map<std::string, const Node*> deciding_nodes(const Network& network) {
  std::map<std::string, const Node*> nodes;
  for (const Node& node : network.nodes) {
    if (is_copy(node.op)) {  // another form of the same value, which its maker decides about
      const auto maker = nodes.find(node.inputs[0]);
      if (maker != nodes.end()) nodes.emplace(node.outputs[0], maker->second);
      continue;
    }
    for (const std::string& input : node.inputs) nodes.emplace(input, &node);
    for (const std::string& output : node.outputs) nodes.emplace(output, &node);
  }
  return nodes;
}

RunSpec settled(RunSpec run, const CalibrationMethod& chosen, const std::vector<NodeCalibration>& by_node) {
  for (const NodeCalibration& one : by_node) {
    NodeOptions options = run.options_of(one.node);
    options.calibration = one.method.name();
    run.options[one.node] = options;
  }
  const auto settle = [&](NodeOptions& options) {
    if (options.calibration == "auto") options.calibration = chosen.name();
  };
  settle(run.defaults);
  for (auto& [name, options] : run.options) settle(options);
  return run;
}

namespace {

// The grid that reaches as far as both do.
Quantisation wider(const Quantisation& a, const Quantisation& b) {
  if (!a.asymmetric && !b.asymmetric) return a.scale >= b.scale ? a : b;
  const auto low = [](const Quantisation& g) { return dequantise(g.lowest(), g); };
  const auto high = [](const Quantisation& g) { return dequantise(g.highest(), g); };
  return affine_grid({std::min(low(a), low(b)), std::max(high(a), high(b))}, a.dtype);
}

// Values of `zero` say nothing about their class: they are on any grid, and the scale that they have by
// themselves stands for nothing. A grid that is given is its class's.
void unify(const PlacedNetwork& placed, const std::set<std::string>& zero,
           std::map<std::string, Quantisation>& grids) {
  const Sharing& sharing = placed.sharing;
  std::map<int, Quantisation> widest;
  for (const bool silent : {false, true})
    for (const auto& [value, number] : sharing.grid_classes) {
      const auto grid = grids.find(value);
      if (grid == grids.end() || (zero.count(value) != 0) != silent) continue;
      const auto [there, fresh] = widest.emplace(number, grid->second);
      if (!fresh && !silent) there->second = wider(there->second, grid->second);
    }
  for (const auto& [value, number] : sharing.grid_classes)
    if (const auto given = given_grid(placed, value)) widest[number] = *given;
  for (const auto& [value, number] : sharing.grid_classes)
    if (widest.count(number) != 0) grids[value] = widest.at(number);
}

}  // namespace

namespace {

const NodeOptions& options_for(const std::string& value, const std::map<std::string, const Node*>& deciding,
                               const RunSpec& run) {
  const auto node = deciding.find(value);
  return node == deciding.end() ? run.defaults : run.options_of(node->second->name);
}

// Results of steps, also those that only the host makes.
std::set<std::string> results_of(const PlacedNetwork& placed) {
  std::set<std::string> results;
  for (const Step& step : placed.steps)
    for (const std::string& output : placed.last_node(step).outputs) results.insert(output);
  return results;
}

using See = std::function<void(const std::string&, const std::shared_ptr<const Tensor>&)>;

// Says which value it is that does not fit.
template <class Act>
void naming(const std::string& name, const Act& act) {
  try {
    act();
  } catch (const std::invalid_argument& error) {
    throw InputError(name + ": " + error.what());
  }
}

void evaluate_numbers(const Network& network, const See& see, const Listener& listener, Observation& seen,
                      bool texts = false) {
  GoldenVisitor visitor;
  visitor.doubt = [&](const Node& node, const std::string& what) {
    const std::string text = node.name + ": " + what;
    if (std::find(seen.doubts.begin(), seen.doubts.end(), text) == seen.doubts.end())
      seen.doubts.push_back(text);
  };
  visitor.listener = &listener;
  visitor.number = [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
    naming(name, [&] { see(name, tensor); });
  };
  visitor.text = [&](const std::string& name, const StringTensor& words) {
    if (texts) seen.text[name] = words;
  };
  evaluate(network, visitor);
}

}  // namespace

namespace {

// float32 keeps 24 bits of each term: what is left of a sum below that is no result.
constexpr double kLeastOfTerms = 1.0 / (1 << 30);

bool sums_its_inputs(const std::string& op) {
  static const std::set<std::string> ops = {"Add",        "Sub",       "Sum",         "Mean",
                                            "ReduceMean", "ReduceSum", "AveragePool", "GlobalAveragePool"};
  return ops.count(op) != 0;
}

// Sums that cancel: a grid of their own would show noise as if it were numbers, and no gain reaches it.
void note_noise(const Network& network, Observation& seen) {
  for (const Node& node : network.nodes) {
    const auto found = seen.values.find(node.outputs[0]);
    if (!sums_its_inputs(node.op) || found == seen.values.end()) continue;
    double terms = 0;
    for (const std::string& input : node.inputs)
      if (const auto in = seen.values.find(input); in != seen.values.end())
        terms = std::max(terms, in->second.largest());
    const double largest = found->second.largest();
    if (largest == 0 || largest >= terms * kLeastOfTerms) continue;
    seen.noise.insert(node.outputs[0]);
    seen.doubts.push_back(node.name +
                          ": its sums cancel, and what is left of them is rounding noise: it is zero here, "
                          "and accuracy figures of it say nothing");
  }
}

}  // namespace

Observation observe(const PlacedNetwork& placed, const Samples& samples, GoldenStore& own,
                    std::vector<GoldenStore>& judged, const Listener& listener) {
  const Network& network = placed.network;
  const Sharing& sharing = placed.sharing;
  Observation seen;
  const std::set<std::string> results = results_of(placed);
  const auto see_all = [&](const std::string& name, const Tensor& tensor) {
    seen.values[name].range(tensor.values);
    seen.values[name].count(tensor.values);
  };
  const auto keep = [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor,
                        GoldenStore& store) {
    if (sharing.parts.count(name) != 0 || results.count(name) != 0) store.put(name, tensor);
  };
  if (!samples.own_inputs()) judged.resize(std::min(samples.count(), kJudgedSamples));
  std::set<std::string> ends(network.inputs.begin(), network.inputs.end());
  ends.insert(network.outputs.begin(), network.outputs.end());
  for (const auto& part : sharing.parts) {
    const std::string& name = part.first;
    const Value& value = network.values.at(name);
    if (!value.constant) continue;
    const auto numbers = value.numbers();
    naming(name, [&] { see_all(name, *numbers); });
    own.put(name, numbers);
    if (!judged.empty()) judged[0].put(name, numbers);
  }
  const bool single = samples.count() == 1;
  const std::size_t passes =
      1 + (samples.own_inputs() ? 0 : samples.count()) + (single ? 0 : samples.count());
  double reached = 0;
  const auto next = [&] {
    const double from = reached;
    return listener.part(from, reached += 1 / static_cast<double>(passes));
  };
  for (std::size_t s = 0; s < samples.count() && !samples.own_inputs(); ++s)
    evaluate_numbers(
        samples.apply(s, network),
        [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
          seen.values[name].range(tensor->values);
          if (single) seen.values[name].count(tensor->values);
          if (s == 0 || (s < judged.size() && ends.count(name) != 0)) keep(name, tensor, judged[s]);
        },
        next(), seen);
  for (std::size_t s = 0; s < samples.count() && !single; ++s)
    evaluate_numbers(
        samples.apply(s, network),
        [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
          seen.values[name].count(tensor->values);
        },
        next(), seen);
  evaluate_numbers(
      network,
      [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
        if (samples.own_inputs()) see_all(name, *tensor);
        keep(name, tensor, own);
      },
      next(), seen, true);
  note_noise(network, seen);
  return seen;
}

Calibration choose_grids(const RunSpec& run, const PlacedNetwork& placed, const Observation& observation,
                         const CalibrationMethod& chosen) {
  Calibration result;
  result.text = observation.text;
  const auto deciding = deciding_nodes(placed.network);
  std::set<std::string> zero;
  const ValueStatistics nothing;
  const auto choose = [&](const std::string& name, const std::string& original) {
    const bool noise = observation.noise.count(original) != 0;
    const ValueStatistics& statistics = noise ? nothing : observation.values.at(original);
    if (statistics.all_zero()) zero.insert(name);
    const NodeOptions& options = options_for(name, deciding, run);
    const auto method = options.calibration == "auto"
                            ? chosen
                            : parse_calibration(options.calibration, options.percentile).value_or(chosen);
    const DType dtype = placed.sharing.grid_type_of(name);
    const auto given = given_grid(placed, name);
    result.grids[name] = given ? *given
                         : placed.sharing.is_exact(name)
                             ? Quantisation{1, 0, dtype}
                             : statistics.grid(method, options.quantisation == GridKind::Affine, dtype);
  };
  for (const auto& [name, statistics] : observation.values) choose(name, name);
  for (const Node& node : placed.network.nodes)  // copies of values that were observed before they were added
    if (const std::string& added = node.op == kDequantise ? node.inputs[0] : node.outputs[0];
        is_copy(node.op) && observation.values.count(added) == 0)
      choose(added, original_of(placed.network, added));
  unify(placed, zero, result.grids);
  return result;
}

bool asks_for(const RunSpec& run, const std::string& calibration) {
  return run.defaults.calibration == calibration ||
         std::any_of(run.options.begin(), run.options.end(),
                     [&](const auto& node) { return node.second.calibration == calibration; });
}

std::set<std::string> affine_values(const RunSpec& run, const Network& network) {
  const auto deciding = deciding_nodes(network);
  std::set<std::string> values;
  for (const auto& [name, value] : network.values)
    if (options_for(name, deciding, run).quantisation == GridKind::Affine) values.insert(name);
  return values;
}

Calibration nominal_calibration(const RunSpec& run, const PlacedNetwork& placed) {
  Calibration result;
  const auto deciding = deciding_nodes(placed.network);
  for (const auto& [name, value] : placed.network.values) {
    Quantisation grid;
    grid.dtype = placed.sharing.grid_type_of(name);
    grid.asymmetric =
        !placed.sharing.is_exact(name) && options_for(name, deciding, run).quantisation == GridKind::Affine;
    result.grids[name] = given_grid(placed, name).value_or(grid);
    if (value.text) result.text[name] = *value.text;
  }
  unify(placed, {}, result.grids);
  return result;
}

}  // namespace bpusim
