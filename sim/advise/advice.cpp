// The table of advisors, and what they share.
#include "sim/advise/advice.h"

#include <algorithm>

#include "sim/advise/advisors.h"

namespace bpusim {

AdviceView::AdviceView(const AdviceInput& given) : input(given), steps_(given.network.nodes.size(), 0) {
  for (std::size_t n = 0; n < input.network.nodes.size(); ++n) {
    for (const std::string& output : node(n).outputs)
      if (!output.empty()) makers_[output] = n;
    for (const std::string& name : node(n).inputs)
      if (!name.empty()) readers_[name].push_back(n);
  }
  for (std::size_t s = 0; s < input.steps.size(); ++s)
    for (const std::size_t n : input.steps[s].nodes) steps_[n] = s;
}

std::size_t AdviceView::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? kNone : found->second;
}

const std::vector<std::size_t>& AdviceView::readers(const std::string& value) const {
  static const std::vector<std::size_t> nobody;
  const auto found = readers_.find(value);
  return found == readers_.end() ? nobody : found->second;
}

bool AdviceView::leaves(const std::string& value) const {
  const auto& outputs = input.network.outputs;
  return std::find(outputs.begin(), outputs.end(), value) != outputs.end();
}

std::size_t AdviceView::sole_reader(const std::string& value) const {
  const auto& all = readers(value);
  return all.size() == 1 && !leaves(value) ? all[0] : kNone;
}

void AdviceLines::add(const std::string& text, const std::string& step, bool frees) {
  const auto same = [&](const Advice& line) { return line.text == text && line.frees_nodes == frees; };
  auto line = std::find_if(lines_.begin(), lines_.end(), same);
  if (line == lines_.end()) line = lines_.insert(lines_.end(), Advice{id_, text, 0, {}, frees});
  line->nodes.push_back(step);
}

std::vector<Advice> AdviceLines::take() const {
  std::vector<Advice> lines = lines_;
  for (Advice& line : lines) line.text += " (" + some_of(line.nodes) + ")";
  return lines;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text = std::to_string(names.size()) + ": ";
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > kShown ? text + ", …" : text;
}

const std::vector<Advisor>& advisors() {
  static const std::vector<Advisor> table = {
      {"batch_norm_training", "BatchNormalization left in training mode", advisors_of::batch_norm_training},
      {"batch_norm_unfolded", "BatchNormalization that folds into no convolution, and what is between",
       advisors_of::batch_norm_unfolded},
      {"norm_written_out", "norms exported as primitives, and the opset that keeps them whole",
       advisors_of::written_out},
      {"norm_in_parts",
       "IBN and GroupNorm chains, and norms in primitives, that the policy has no operator for",
       advisors_of::norm_in_parts},
      {"cpu_beside_norm", "operators on the CPU beside a norm that only move elements",
       advisors_of::cpu_beside_norm},
      {"one_element", "statistics over one element", advisors_of::one_element},
      {"epsilon_lost", "an epsilon below the integer resolution of its set", advisors_of::epsilon_lost},
      {"gamma_outliers", "gamma with outliers, which leaves other channels few codes",
       advisors_of::gamma_outliers},
  };
  return table;
}

std::vector<Advice> static_advice(const AdviceInput& input) {
  const AdviceView view(input);
  std::vector<Advice> all;
  for (const Advisor& advisor : advisors()) {
    AdviceLines lines(advisor.id);
    advisor.look(view, lines);
    for (Advice& line : lines.take()) all.push_back(std::move(line));
  }
  return all;
}

}  // namespace bpusim
