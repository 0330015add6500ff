#include "sim/run/int16_passes.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/input_error.h"
#include "sim/operators/operator.h"
#include "sim/plan/element_types.h"
#include "sim/run/calibrate.h"
#include "sim/run/int16_search.h"
#include "sim/run/passes.h"

namespace bpusim {

namespace {

// Nodes whose output has a lower cosine, and what they read: their makers, or inputs of the network.
std::vector<std::string> below(const PlacedNetwork& placed, const RunResult& result, double cosine) {
  std::map<std::string, std::string> makers;
  for (const Step& step : placed.steps)
    for (const std::string& output : placed.last_node(step).outputs) makers[output] = step.name;
  std::set<std::string> low;
  for (const NodeResult& node : result.nodes)
    if (node.accuracy && node.accuracy->cosine < cosine) low.insert(node.name);
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Step& step : placed.steps) {
    const Sharing& sharing = placed.sharing;
    const std::string& output = placed.last_node(step).outputs.at(0);
    if (low.count(step.name) == 0 || sharing.is_exact(output)) continue;
    for (const std::string& input : operands_of(placed.first_node(step), placed.network)) {
      if (sharing.is_exact(input) || sharing.is_float(input)) continue;
      const auto maker = makers.find(input);
      if (maker != makers.end())
        add(maker->second);
      else if (!placed.network.values.at(input).constant)
        add(input);
    }
    if (!sharing.is_float(output) && !sharing.is_sums(output)) add(step.name);
  }
  return names;
}

// Once in int8, to see which nodes fall below.
Int16Findings find_below(Scenario scenario, const RunOptions& options) {
  const double cosine = scenario.run.int16_below;
  scenario.run.int16_below = -1;
  Int16Findings found;
  RunPass pass = run_once(scenario, options, {});
  const PlacedNetwork placed = place_network(scenario.run, scenario.policy);
  const auto wanted = below(placed, pass.result, cosine), taken = widenable(placed, wanted);
  for (const std::string& name : wanted)
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) found.kept_int8.push_back(name);
  found.in_int8 = std::move(*pass.result.quantised);
  found.run = std::move(pass.settled);
  found.run.int16.insert(found.run.int16.end(), taken.begin(), taken.end());
  return found;
}

// A search in int8, and how long int8 takes.
Int16Findings search_until(Scenario scenario, const RunOptions& options) {
  Int16Findings found;
  {
    const PlacedNetwork placed = place_network(scenario.run, scenario.policy);
    GoldenPass golden(placed);
    LoweringChoices choices;
    RunCalibration calibration =
        calibrate(scenario.run, placed, scenario.machine, golden, choices, options.listener.part(0, 0.3));
    const auto goldens = golden.judged();
    const Listener searching = options.listener.part(0.3, 0.9);
    found.search = search_int16({calibration.settled, placed, golden.observation, calibration.method, goldens,
                                 scenario.machine, searching},
                                scenario.run.int16_until);
    found.in_int8 = std::move(calibration.report);
    found.run = std::move(calibration.settled);
  }
  scenario.run.int16_until = found.run.int16_until = -1;
  RunOptions timing = RunOptions::timing();
  timing.listener = options.listener.part(0.9, 1);
  found.search->int8_cycles = run_once(scenario, timing, {}).result.cycles;
  found.run.int16.insert(found.run.int16.end(), found.search->names.begin(), found.search->names.end());
  return found;
}

}  // namespace

void Int16Findings::describe(Quantised& report) const {
  report.method = in_int8.method;
  report.chosen = in_int8.chosen;
  report.tried = in_int8.tried;
  report.by_node = in_int8.by_node;
  report.kept_int8 = kept_int8;
  report.search = search;
}

std::optional<Int16Findings> find_int16(const Scenario& scenario, const RunOptions& options) {
  const bool below_given = scenario.run.int16_below > -1, until_given = scenario.run.int16_until > -1;
  if (below_given && until_given)
    throw InputError("int16_below and int16_until are two ways to find nodes: give one of them");
  if (!below_given && !until_given) return std::nullopt;
  if (!options.function)
    throw InputError(std::string(below_given ? "int16_below" : "int16_until") +
                     " needs values: run with function first, then name under int16 what it found");
  return until_given ? search_until(scenario, options) : find_below(scenario, options);
}

}  // namespace bpusim
