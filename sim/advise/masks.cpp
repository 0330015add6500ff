// Advice about masks: a number that stands for minus infinity takes the whole grid of the scores that it is
// added to.
#include <algorithm>
#include <cmath>
#include <set>

#include "sim/advise/advisors.h"
#include "sim/operators/operation.h"

namespace bpusim {

namespace {

constexpr double kMask = -100;  // the smallest of the usual ones; a grid that far is too coarse for scores
constexpr int kSteps = 6;       // from a mask to the Softmax: arithmetic, and what moves elements

bool hands_on(const std::string& op) {
  const std::set<std::string> arithmetic = {"Add", "Sub", "Mul", "Where", "Sum"};
  return arithmetic.count(op) != 0 || only_moves_elements(op);
}

// The smallest number among the constants that the node brings in; 0 where none is a mask.
double mask_of(const AdviceView& view, const Node& node) {
  double least = 0;
  for (const std::string& input : node.inputs) {
    if (input.empty() || node.op == "Pad") continue;
    const Value& value = view.input.network.values.at(input);
    const auto numbers = value.constant ? value.numbers() : nullptr;
    if (numbers == nullptr || value.dtype != DType::Float32) continue;
    for (const double v : numbers->values) least = std::min(least, v);
  }
  return least <= kMask ? least : 0;
}

void look_behind(const AdviceView& view, const std::string& value, int steps, std::set<std::size_t>& seen,
                 AdviceLines& lines) {
  const std::size_t n = view.maker(value);
  if (n == AdviceView::kNone || steps == 0 || !hands_on(view.node(n).op) || !seen.insert(n).second) return;
  const Node& node = view.node(n);
  if (const double least = mask_of(view, node); least != 0)
    lines.add(MaskAdvice{node.op, least}, view.step_of(n).name);
  for (const std::string& input : node.inputs) look_behind(view, input, steps - 1, seen, lines);
}

}  // namespace

void advisors_of::masks(const AdviceView& view, AdviceLines& lines) {
  std::set<std::size_t> seen;
  for (const Node& node : view.input.network.nodes)
    if (node.op == "Softmax" || node.op == "LogSoftmax")
      look_behind(view, node.inputs.at(0), kSteps, seen, lines);
}

}  // namespace bpusim
