#include "sim/run/method_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/commands/interpreter.h"
#include "sim/operators/tensor_codes.h"

namespace bpusim {

namespace {

double cosine(const std::vector<double>& golden, const std::vector<double>& result) {
  double dot = 0, a = 0, b = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    dot += golden[i] * result[i];
    a += golden[i] * golden[i];
    b += result[i] * result[i];
  }
  return a == 0 && b == 0 ? 1 : a == 0 || b == 0 ? 0 : dot / std::sqrt(a * b);
}

// What the programs left of a tensor that lies in DRAM.
std::vector<double> read_back(const TensorPlace& place, DramPort& dram) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(place.elements));
  for (const std::int64_t code : read_codes(dram, place)) values.push_back(dequantise(code, place.grid));
  return values;
}

// Runs all programs in their own order; tensors that stay on chip stay between them.
void run_untimed(const CompiledNetwork& compiled, const MachineParams& machine, DramPort& dram) {
  Interpreter interpreter(static_cast<int>(machine.bpu.cores), machine.sram.bytes, dram);
  for (const Program& program : compiled.programs) interpreter.run(program);
}

// Outputs that are tensors on the machine.
std::vector<std::string> judged_outputs(const Network& network, const CompiledNetwork& compiled,
                                        const GoldenStore& golden) {
  std::vector<std::string> outputs;
  for (const std::string& output : network.outputs) {
    const auto place = compiled.places.find(output);
    if (place != compiled.places.end() && place->second.address < kSramWindow && golden.holds(output))
      outputs.push_back(output);
  }
  return outputs;
}

// An output that has no cosine, since it is infinite, is as bad as can be.
double judged(const std::vector<double>& golden, const std::vector<double>& values) {
  const double found = cosine(golden, values);
  return std::isnan(found) ? -1 : found;
}

// Of an output of one number, or of equal ones, the cosine is no more than a sign: its error counts, over all
// samples, so that a sample whose number is near zero does not outweigh the others.
struct Errors {
  double signal = 0, noise = 0;

  void add(const std::vector<double>& golden, const std::vector<double>& values) {
    for (std::size_t i = 0; i < golden.size(); ++i) {
      signal += golden[i] * golden[i];
      noise += (values[i] - golden[i]) * (values[i] - golden[i]);
    }
  }
  // What a tensor of many elements with such an error has for a cosine: 1 - r^2 / 2 for a small one.
  double as_cosine() const {
    if (noise == 0) return 1;
    const double ratio = noise / signal;
    return std::isfinite(ratio) ? std::max(-1.0, 1 - ratio / 2) : -1;
  }
};

bool is_flat(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

// The least among the outputs that have a cosine on one sample; the errors of the others go to `errors`.
double least_cosine(const Network& network, const CompiledNetwork& compiled, const GoldenStore& golden,
                    DramPort& dram, std::map<std::string, Errors>& errors) {
  double least = 1;
  for (const std::string& output : judged_outputs(network, compiled, golden)) {
    const auto tensor = golden.get(output);
    const std::vector<double> values = read_back(compiled.places.at(output), dram);
    if (is_flat(tensor->values)) {
      errors[output].add(tensor->values, values);
    } else {
      least = std::min(least, judged(tensor->values, values));
    }
  }
  return least;
}

}  // namespace

double judged_cosine(const CompilerInput& input, const std::vector<const GoldenStore*>& goldens) {
  FlatDram dram;
  NetworkCompiler compiler(input, dram);
  const CompiledNetwork compiled = compiler.compile();
  double sum = 0;
  std::map<std::string, Errors> errors;
  for (const GoldenStore* golden : goldens) {
    for (const std::string& name : input.placed.network.inputs)
      if (const auto place = compiled.places.find(name); place != compiled.places.end())
        write_tensor(place->second, golden->get(name)->values, dram);
    run_untimed(compiled, input.machine, dram);
    sum += least_cosine(input.placed.network, compiled, *golden, dram, errors);
  }
  double least = sum / static_cast<double>(goldens.size());
  for (const auto& [output, found] : errors) least = std::min(least, found.as_cosine());
  return least;
}

namespace {

constexpr double kTie = 1e-6;
constexpr double kGoodEnough = 0.99;  // a cosine above which single grids are left alone
constexpr std::size_t kWorst = 12;    // grids that are tried one by one

// Nodes that decide about the values of one grid class, or about a value inside a step.
struct Unit {
  double loss = 0;  // of all readers
  std::set<std::string> nodes;
  std::string value;  // one of them
};

class Chooser {
 public:
  explicit Chooser(const MethodChoiceInput& input) : in_(input) {}

  MethodChoice choose() {
    choice_.cosine = -2;
    for (const CalibrationMethod& method : calibration_methods()) {
      const double here = cosine_of(grids_of(method, {}));
      choice_.tried.push_back({method, here});
      if (here <= choice_.cosine + kTie) continue;
      choice_.cosine = here;
      choice_.best = method;
    }
    if (choice_.cosine < kGoodEnough)
      for (const Unit& unit : worst()) improve(unit);
    return choice_;
  }

 private:
  Calibration grids_of(const CalibrationMethod& method, const std::vector<NodeCalibration>& by_node) const {
    return choose_grids(settled(in_.run, method, by_node), in_.placed, in_.observation, method);
  }
  double cosine_of(const Calibration& grids) const {
    return judged_cosine(
        {in_.run, in_.placed, grids, in_.goldens.front(), in_.machine, &in_.choices, &in_.listener},
        in_.goldens);
  }

  std::vector<Unit> worst() const {
    const auto deciding = deciding_nodes(in_.placed.network);
    const Calibration grids = grids_of(choice_.best, {});
    std::map<std::string, Unit> units;
    for (const auto& [value, loss] : in_.observation.losses) {
      const auto node = deciding.find(value);
      if (node == deciding.end() || in_.run.options_of(node->second->name).calibration != "auto") continue;
      const auto number = in_.placed.sharing.grid_classes.find(value);
      Unit& unit =
          units[number == in_.placed.sharing.grid_classes.end() ? value : std::to_string(number->second)];
      const Quantisation& grid = grids.grids.at(value);
      unit.loss += loss.at(std::max(std::abs(dequantise(grid.lowest() + 1, grid)),
                                    std::abs(dequantise(grid.highest(), grid))));
      unit.nodes.insert(node->second->name);
      unit.value = value;
    }
    std::vector<Unit> list;
    list.reserve(units.size());
    for (auto& [name, unit] : units) list.push_back(std::move(unit));
    std::stable_sort(list.begin(), list.end(), [](const Unit& a, const Unit& b) { return a.loss > b.loss; });
    list.resize(std::min(list.size(), kWorst));
    return list;
  }

  void improve(const Unit& unit) {
    const std::vector<NodeCalibration> before = choice_.by_node;
    std::set<double> scales = {grids_of(choice_.best, before).grids.at(unit.value).scale};
    for (const CalibrationMethod& method : calibration_methods()) {
      std::vector<NodeCalibration> with = before;
      with.reserve(before.size() + unit.nodes.size());
      for (const std::string& node : unit.nodes) with.push_back({node, method});
      const Calibration grids = grids_of(choice_.best, with);
      if (!scales.insert(grids.grids.at(unit.value).scale).second) continue;
      const double here = cosine_of(grids);
      if (here <= choice_.cosine + kTie) continue;
      choice_.cosine = here;
      choice_.by_node = with;
    }
  }

  const MethodChoiceInput& in_;
  MethodChoice choice_;
};

}  // namespace

MethodChoice choose_method(const MethodChoiceInput& input) {
  return Chooser(input).choose();
}

}  // namespace bpusim
