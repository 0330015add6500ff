// The advisors that need no timing, one after the other, and what they share.
#include "sim/advise/advice.h"

#include <algorithm>

#include "sim/advise/advisors.h"
#include "sim/operators/operator.h"

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

bool only_moves_elements(const std::string& op) {
  const OperatorDefinition* row = find_operator(op);
  return op == "Concat" || (row != nullptr && row->keeps_grid);
}

std::vector<Advice> static_advice(const AdviceInput& input) {
  const AdviceView view(input);
  AdviceLines lines;
  for (const auto look :
       {advisors_of::batch_norm_training, advisors_of::batch_norm_unfolded, advisors_of::norm_written_out,
        advisors_of::norm_in_parts, advisors_of::cpu_beside_norm, advisors_of::one_element,
        advisors_of::epsilon_lost, advisors_of::gamma_outliers, advisors_of::masks, advisors_of::unread_opset,
        advisors_of::norm_whole_on_cpu})
    look(view, lines);
  std::vector<Advice> all = lines.all();
  for (Advice& advice : all)
    if (const auto* facts = std::get_if<NormWholeOnCpuAdvice>(&advice.facts)) {
      advice.what_if.emplace();
      advice.what_if->in_primitives = {facts->op};
    }
  return all;
}

}  // namespace bpusim
