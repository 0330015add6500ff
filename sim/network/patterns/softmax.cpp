// Softmax in primitives.
#include "sim/network/patterns/rules.h"
#include "sim/network/patterns/statistics.h"

namespace bpusim::rules {

namespace {

// The largest element of each set changes nothing once it is subtracted everywhere in the set.
std::string without_maximum(const NetworkGraph& g, const std::string& value,
                            const std::vector<std::int64_t>& axes, Trail& trail) {
  Trail walked = trail;
  const Node* sub = g.find(value, "Sub", walked);
  if (sub == nullptr) return value;
  std::string x = g.root(sub->inputs.at(0), walked);
  const auto largest = reduction_of(g, sub->inputs.at(1), "ReduceMax", false, walked);
  if (!largest || largest->source != x || largest->axes != axes) return value;
  trail = walked;
  return x;
}

std::optional<Match> quotient(const NetworkGraph& g, std::size_t last, const std::string& exponential,
                              const std::string& divisor, Trail trail) {
  const auto sum = reduction_of(g, divisor, "ReduceSum", false, trail);
  if (!sum || sum->axes.size() != 1 || g.root(exponential, trail) != sum->source) return std::nullopt;
  const Node* exp = g.find(sum->source, "Exp", trail);
  if (exp == nullptr || !g.shape(sum->source)) return std::nullopt;
  const std::string x = without_maximum(g, g.root(exp->inputs.at(0), trail), sum->axes, trail);
  Match match = match_of(g, std::move(trail), last, "Softmax", {x});
  match.replacement.attributes.ints["axis"] = sum->axes[0];
  return match;
}

}  // namespace

std::optional<Match> softmax(const NetworkGraph& g, std::size_t last) {
  const Node& node = g.node(last);
  if (node.inputs.size() != 2) return std::nullopt;
  if (node.op == "Div") return quotient(g, last, node.inputs[0], node.inputs[1], {});
  for (std::size_t i = 0; node.op == "Mul" && i < 2; ++i) {
    Trail trail;
    const Node* inverse = g.find(node.inputs[i], "Reciprocal", trail);
    if (inverse == nullptr) continue;
    if (auto match = quotient(g, last, node.inputs[1 - i], inverse->inputs.at(0), trail)) return match;
  }
  return std::nullopt;
}

}  // namespace bpusim::rules
