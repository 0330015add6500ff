// Division by the L1 or L2 norm along one axis.
#include "sim/network/patterns/rules.h"
#include "sim/network/patterns/statistics.h"

namespace bpusim::rules {

namespace {

constexpr double kTiny = 1e-6;  // of a norm; LpNormalization itself has no epsilon

// Strips Expand and a Clip, Max or Add of something tiny.
std::string without_floor(const NetworkGraph& g, const std::string& value, double tiny, Trail& trail) {
  std::string at = value;
  while (true) {
    Trail walked = trail;
    const auto made = g.maker(g.root(at, walked));
    if (!made) return at;
    const Node& node = g.node(*made);
    std::optional<std::string> inner;
    if (node.op == "Expand") inner = node.inputs[0];
    if (node.op == "Clip") {
      const bool by_input = node.inputs.size() > 1 && !node.inputs[1].empty();
      const auto low = by_input ? g.scalar(node.inputs[1]) : node.attributes.get("min", -1.0);
      const bool open = node.inputs.size() < 3 || node.inputs[2].empty();
      if (low && *low >= 0 && *low <= tiny && open && node.attributes.get("max", 4e38) > 1e38)
        inner = node.inputs[0];
    }
    if (node.op == "Max" || node.op == "Add") {
      const auto operands = beside_constant(g, node);
      const auto floor = operands ? g.scalar(operands->constant) : std::nullopt;
      if (floor && *floor >= 0 && *floor <= tiny) inner = operands->other;
    }
    if (!inner) return at;
    trail = walked;
    trail.push_back(*made);
    at = *inner;
  }
}

struct LpNorm {
  Reduction reduction;
  std::int64_t p = 2;
};

std::optional<LpNorm> sum_of_squares(const NetworkGraph& g, const std::string& value, Trail& trail) {
  const std::string sum = without_floor(g, value, kTiny * kTiny, trail);
  if (const auto squares = reduction_of(g, sum, "ReduceSumSquare", false, trail)) return LpNorm{*squares, 2};
  auto reduction = reduction_of(g, sum, "ReduceSum", false, trail);
  const auto x = reduction ? square_of(g, reduction->source, trail) : std::nullopt;
  if (!x) return std::nullopt;
  reduction->source = *x;
  return LpNorm{*reduction, 2};
}

std::optional<LpNorm> norm_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  const std::string norm = without_floor(g, value, kTiny, trail);
  if (const auto l2 = reduction_of(g, norm, "ReduceL2", false, trail)) return LpNorm{*l2, 2};
  if (const auto l1 = reduction_of(g, norm, "ReduceL1", false, trail)) return LpNorm{*l1, 1};
  if (const Node* root = g.find(norm, "Sqrt", trail)) return sum_of_squares(g, root->inputs[0], trail);
  auto reduction = reduction_of(g, norm, "ReduceSum", false, trail);
  const Node* magnitude = reduction ? g.find(reduction->source, "Abs", trail) : nullptr;
  if (magnitude == nullptr) return std::nullopt;
  reduction->source = g.root(magnitude->inputs[0], trail);
  return LpNorm{*reduction, 1};
}

// 1 / norm.
std::optional<LpNorm> inverse_norm_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  if (const Node* reciprocal = g.find(value, "Reciprocal", trail))
    return norm_of(g, reciprocal->inputs[0], trail);
  const Node* power = g.find(value, "Pow", trail);
  if (power != nullptr && g.scalar(power->inputs.at(1)) == -0.5)
    return sum_of_squares(g, power->inputs[0], trail);
  return std::nullopt;
}

std::optional<Match> match_norm(const NetworkGraph& g, std::size_t last, const std::string& x,
                                const std::optional<LpNorm>& norm, Trail trail) {
  if (!norm || norm->reduction.axes.size() != 1 || g.root(x, trail) != norm->reduction.source)
    return std::nullopt;
  Match match = match_of(g, std::move(trail), last, "LpNormalization", {norm->reduction.source});
  match.replacement.attributes.ints = {{"axis", norm->reduction.axes[0]}, {"p", norm->p}};
  return match;
}

}  // namespace

std::optional<Match> lp_normalization(const NetworkGraph& g, std::size_t last) {
  const Node& node = g.node(last);
  if (node.inputs.size() != 2) return std::nullopt;
  if (node.op == "Div") {
    Trail trail;
    const auto norm = norm_of(g, node.inputs[1], trail);
    return match_norm(g, last, node.inputs[0], norm, trail);
  }
  for (std::size_t i = 0; node.op == "Mul" && i < 2; ++i) {
    Trail trail;
    const auto norm = inverse_norm_of(g, node.inputs[i], trail);
    if (auto match = match_norm(g, last, node.inputs[1 - i], norm, trail)) return match;
  }
  return std::nullopt;
}

}  // namespace bpusim::rules
