#include "sim/quantise/given.h"

#include <set>

namespace bpusim {

std::optional<Quantisation> given_grid(const PlacedNetwork& placed, const std::string& value) {
  const auto& grid = placed.network.values.at(value).grid;
  return grid && grid->dtype == placed.sharing.grid_type_of(value) ? grid : std::nullopt;
}

std::vector<std::string> on_given_grids(const PlacedNetwork& placed) {
  std::set<int> classes;
  for (const auto& [value, number] : placed.sharing.grid_classes)
    if (given_grid(placed, value)) classes.insert(number);
  const auto is_given = [&](const std::string& value) {
    const auto found = placed.sharing.grid_classes.find(value);
    return found != placed.sharing.grid_classes.end() && classes.count(found->second) != 0;
  };
  std::vector<std::string> names;
  for (const std::string& input : placed.network.inputs)
    if (is_given(input)) names.push_back(input);
  for (const Step& step : placed.steps)
    if (is_given(placed.last_node(step).outputs.at(0))) names.push_back(step.name);
  return names;
}

std::vector<std::string> given_in_vain(const RunSpec& run, const PlacedNetwork& placed) {
  std::vector<std::string> notes;
  const Network& network = placed.network;
  for (const auto& [name, value] : network.values) {
    if (!value.grid || value.constant || placed.sharing.grid_classes.count(name) == 0 ||
        given_grid(placed, name))
      continue;
    notes.push_back("'" + name + "': the grid that is given for it is " + to_string(value.grid->dtype) +
                    ", and here it is " + to_string(placed.sharing.grid_type_of(name)) +
                    ": calibration chooses another" +
                    (value.grid->dtype == DType::Int16 ? "; name what makes it under int16" : ""));
  }
  for (const Step& step : placed.steps)
    for (const std::size_t n : step.nodes)
      if (const auto on = run.on.find(network.nodes[n].name);
          step.on_cpu() && on != run.on.end() && on->second == Request::Bpu)
        notes.push_back("'" + on->first +
                        "' is asked for on the BPU, and runs on the CPU: " + step.placement.reason);
  for (const Step& step : placed.steps) {
    const auto options = run.options.find(step.name);
    const std::string& output = placed.last_node(step).outputs.at(0);
    if (options == run.options.end() || !given_grid(placed, output)) continue;
    const bool chosen = options->second.calibration != run.defaults.calibration ||
                        options->second.quantisation != run.defaults.quantisation;
    if (chosen)
      notes.push_back(step.name +
                      ": what the run says of its calibration and quantisation changes nothing, "
                      "since the model gives the grid of its result");
  }
  return notes;
}

}  // namespace bpusim
