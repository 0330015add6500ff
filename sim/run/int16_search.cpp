#include "sim/run/int16_search.h"

#include <algorithm>
#include <utility>

#include "sim/plan/element_types.h"
#include "sim/run/judged_cosine.h"

namespace bpusim {

namespace {

using Names = std::vector<std::string>;

class Search {
 public:
  Search(const Int16SearchInput& input, double goal)
      : in_(input), candidate_(input.placed), parts_(input.listener) {
    result_.goal = goal;
  }

  Int16Search run() {
    result_.in_int8 = result_.reached = cosine_with({});
    if (result_.met()) return result_;
    shorten(beginning(ranked()));
    return result_;
  }

 private:
  // Output cosine with these names in int16.
  double cosine_with(const Names& names) {
    ++result_.runs;
    candidate_ = in_.placed;  // with the requantising steps of these names
    widen(candidate_, names);
    const Calibration grids = choose_grids(in_.run, candidate_, in_.observation, in_.method);
    const Listener listener = parts_.next();
    return judged_cosine({in_.run, candidate_, grids, in_.goldens.front(), in_.machine, &choices_, &listener},
                         in_.goldens);
  }

  // What int16 saves where this name alone takes it.
  double loss_of(const std::string& name) const {
    double loss = 0;
    for (const std::string& value : values_widened_by(in_.placed, name))
      if (const auto found = in_.observation.losses.find(value); found != in_.observation.losses.end())
        loss += found->second.by_end[found->second.least];
    return loss;
  }

  Names ranked() const {
    std::vector<std::pair<double, std::string>> losses;
    for (const std::string& input : in_.placed.network.inputs) losses.emplace_back(loss_of(input), input);
    for (const Step& step : in_.placed.steps) losses.emplace_back(loss_of(step.name), step.name);
    std::stable_sort(losses.begin(), losses.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    Names names;
    for (const auto& [loss, name] : losses)
      if (loss > 0) names.push_back(name);
    return widenable(in_.placed, names);
  }

  // A beginning that reaches the goal and cannot be halved, or else the best that was tried. More int16 is
  // not always better: errors of one node may cancel those of another.
  Names beginning(const Names& all) {
    if (all.empty()) return {};
    std::size_t low = 0, high = all.size();  // misses the goal; reaches it, once result_.met()
    const auto first = [&](std::size_t count) {
      return widenable(in_.placed, Names(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
    };
    take_if_better(first(high));
    for (std::size_t count = high / 2; !result_.met() && count > 0; count /= 2) {
      take_if_better(first(count));
      if (result_.met()) high = count;
    }
    while (result_.met() && high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (take_if_met(first(middle)) ? high : low) = middle;
    }
    return result_.names;
  }

  void shorten(Names names) {
    for (std::size_t i = names.size(); result_.met() && i-- > 0;) {
      Names fewer = names;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (widenable(in_.placed, fewer) != fewer) continue;  // another needs it
      if (take_if_met(fewer)) names = fewer;
    }
  }

  void take_if_better(const Names& names) {
    const double here = cosine_with(names);
    if (here <= result_.reached) return;
    result_.reached = here;
    result_.names = names;
  }
  bool take_if_met(const Names& names) {
    const double here = cosine_with(names);
    if (!(here >= result_.goal)) return false;
    result_.reached = here;
    result_.names = names;
    return true;
  }

  const Int16SearchInput& in_;
  PlacedNetwork candidate_;  // the same, with names in int16
  LoweringChoices choices_;
  Parts parts_;
  Int16Search result_;
};

}  // namespace

Int16Search search_int16(const Int16SearchInput& input, double goal) {
  return Search(input, goal).run();
}

}  // namespace bpusim
