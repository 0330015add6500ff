#include "sim/run/method_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/run/judged_cosine.h"

namespace bpusim {

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
  explicit Chooser(const MethodChoiceInput& input) : in_(input), parts_(input.listener) {}

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
  double cosine_of(const Calibration& grids) {
    const Listener listener = parts_.next();
    return judged_cosine(
        {in_.run, in_.placed, grids, in_.goldens.front(), in_.machine, &in_.choices, &listener}, in_.goldens);
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
  Parts parts_;
  MethodChoice choice_;
};

}  // namespace

MethodChoice choose_method(const MethodChoiceInput& input) {
  return Chooser(input).choose();
}

}  // namespace bpusim
