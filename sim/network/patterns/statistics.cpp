#include "sim/network/patterns/statistics.h"

#include <algorithm>
#include <numeric>

namespace bpusim {

namespace {

// Whether a value of this shape meets one of `shape` as its reduction over `axes` would.
bool meets(const Shape& given, const Shape& shape, const std::vector<std::int64_t>& axes) {
  if (given.size() > shape.size()) return false;
  Shape reduced(shape.size() - given.size(), 1);
  reduced.insert(reduced.end(), given.begin(), given.end());
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const bool over = std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(d)) != axes.end();
    if (reduced[d] != (over ? 1 : shape[d])) return false;
  }
  return true;
}

std::vector<std::int64_t> spatial_axes(std::size_t rank) {
  std::vector<std::int64_t> axes(rank > 2 ? rank - 2 : 0);
  std::iota(axes.begin(), axes.end(), 2);
  return axes;
}

// Strips what leaves a variance as it is: a Relu, or the larger of it and 0.
std::string without_floor(const NetworkGraph& g, const std::string& value, Trail& trail) {
  if (const Node* relu = g.find(value, "Relu", trail)) return relu->inputs[0];
  Trail walked = trail;
  const Node* larger = g.find(value, "Max", walked);
  if (larger == nullptr || larger->inputs.size() != 2) return value;
  for (std::size_t i = 0; i < 2; ++i)
    if (g.scalar(larger->inputs[i]) == 0.0) {
      trail = walked;
      return larger->inputs[1 - i];
    }
  return value;
}

// spread + epsilon; no summand is an epsilon of 0.
std::optional<Deviation> spread_and_epsilon(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  Deviation deviation;
  std::string spread = value;
  if (const Node* add = g.find(value, "Add", walked)) {
    const auto sum = beside_constant(g, *add);
    if (!sum || !g.scalar(sum->constant)) return std::nullopt;
    deviation.epsilon = *g.scalar(sum->constant);
    spread = sum->other;
  }
  const auto found = spread_of(g, spread, false, walked);
  if (!found || deviation.epsilon < 0) return std::nullopt;
  deviation.spread = *found;
  trail = walked;
  return deviation;
}

std::optional<Deviation> power_of_spread(const NetworkGraph& g, const std::string& value, double exponent,
                                         Trail& trail) {
  Trail walked = trail;
  const Node* power = g.find(value, "Pow", walked);
  if (power == nullptr || g.scalar(power->inputs.at(1)) != exponent) return std::nullopt;
  auto deviation = spread_and_epsilon(g, power->inputs[0], walked);
  if (deviation) trail = walked;
  return deviation;
}

std::optional<Deviation> root_of_spread(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  const Node* root = g.find(value, "Sqrt", walked);
  auto deviation = root == nullptr ? power_of_spread(g, value, 0.5, walked)
                                   : spread_and_epsilon(g, root->inputs[0], walked);
  if (deviation) trail = walked;
  return deviation;
}

}  // namespace

std::vector<std::int64_t> reduced_axes(const NetworkGraph& g, const Node& reduce) {
  std::vector<std::int64_t> axes = g.integers(reduce, "axes", 1);
  const auto shape = g.shape(reduce.inputs.at(0));
  if (axes.empty()) {
    const bool given = reduce.inputs.size() > 1 && !reduce.inputs[1].empty();
    if (!shape || given || reduce.attributes.get("noop_with_empty_axes", std::int64_t{0}) != 0) return {};
    axes.resize(shape->size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (std::int64_t& axis : axes)
    if (shape && axis < 0) axis += static_cast<std::int64_t>(shape->size());
  std::sort(axes.begin(), axes.end());
  return axes;
}

std::optional<Reduction> reduction_of(const NetworkGraph& g, const std::string& value, const std::string& op,
                                      bool vector, Trail& trail) {
  Trail walked = trail;
  const std::string made = g.unshaped(value, walked);
  const bool reshaped = walked.size() > trail.size();
  const auto maker = g.maker(made);
  if (!maker) return std::nullopt;
  const Node& node = g.node(*maker);
  const bool pooled = op == "ReduceMean" && node.op == "GlobalAveragePool";
  if (node.op != op && !pooled) return std::nullopt;
  walked.push_back(*maker);
  Reduction reduction;
  reduction.source = g.root(node.inputs[0], walked);
  reduction.value = node.outputs[0];
  const auto shape = g.shape(reduction.source), given = g.shape(value);
  reduction.axes = pooled ? spatial_axes(shape ? shape->size() : 0) : reduced_axes(g, node);
  if (reduction.axes.empty()) return std::nullopt;
  const bool keeps = pooled || node.attributes.get("keepdims", std::int64_t{1}) != 0;
  if (!vector) {
    const bool fits = shape && given ? meets(*given, *shape, reduction.axes) : keeps && !reshaped;
    if (!fits) return std::nullopt;
  }
  trail = walked;
  return reduction;
}

std::optional<std::string> square_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  if (const Node* power = g.find(value, "Pow", walked); power && g.scalar(power->inputs.at(1)) == 2.0) {
    trail = walked;
    return g.root(power->inputs[0], trail);
  }
  walked = trail;
  const Node* mul = g.find(value, "Mul", walked);
  if (mul == nullptr || g.root(mul->inputs[0], walked) != g.root(mul->inputs[1], walked)) return std::nullopt;
  trail = walked;
  return g.root(mul->inputs[0]);
}

std::optional<Reduction> centred_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  const Node* sub = g.find(value, "Sub", walked);
  if (sub == nullptr) return std::nullopt;
  const std::string x = g.root(sub->inputs.at(0), walked);
  auto mean = reduction_of(g, sub->inputs.at(1), "ReduceMean", false, walked);
  if (!mean || mean->source != x) return std::nullopt;
  trail = walked;
  return mean;
}

std::optional<Spread> spread_of(const NetworkGraph& g, const std::string& given, bool vector, Trail& trail) {
  Trail walked = trail;
  const std::string value = without_floor(g, given, walked);
  if (const auto mean = reduction_of(g, value, "ReduceMean", vector, walked)) {
    const auto d = square_of(g, mean->source, walked);
    if (!d) return std::nullopt;
    trail = walked;
    const auto centred = centred_of(g, *d, walked);
    if (centred && centred->axes == mean->axes) {
      trail = walked;
      return Spread{centred->source, mean->axes, true, centred->value};
    }
    return Spread{*d, mean->axes, false, ""};
  }
  Trail steps;
  const std::string difference = vector ? g.unshaped(value, steps) : value;
  walked.insert(walked.end(), steps.begin(), steps.end());
  const Node* sub = g.find(difference, "Sub", walked);  // E[x^2] - E[x]^2
  if (sub == nullptr) return std::nullopt;
  const auto squares = reduction_of(g, sub->inputs.at(0), "ReduceMean", vector, walked);
  const auto x = squares ? square_of(g, squares->source, walked) : std::nullopt;
  const auto mean_value = x ? square_of(g, sub->inputs.at(1), walked) : std::nullopt;
  const auto mean = mean_value ? reduction_of(g, *mean_value, "ReduceMean", vector, walked) : std::nullopt;
  if (!mean || mean->source != *x || mean->axes != squares->axes) return std::nullopt;
  trail = walked;
  return Spread{*x, mean->axes, true, mean->value};
}

std::optional<Deviation> deviation_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  auto deviation = root_of_spread(g, value, walked);
  if (!deviation) {
    walked = trail;
    const Node* add = g.find(value, "Add", walked);
    const auto sum = add == nullptr ? std::nullopt : beside_constant(g, *add);
    if (!sum || !g.scalar(sum->constant)) return std::nullopt;
    deviation = root_of_spread(g, sum->other, walked);
    if (!deviation || deviation->epsilon != 0) return std::nullopt;
    deviation->place = EpsilonPlace::OnDeviation;
    deviation->epsilon = *g.scalar(sum->constant);
  }
  deviation->value = value;
  trail = walked;
  return deviation;
}

std::optional<Deviation> inverse_deviation_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  std::optional<Deviation> deviation;
  if (const Node* reciprocal = g.find(value, "Reciprocal", walked)) {
    deviation = deviation_of(g, reciprocal->inputs[0], walked);
  } else if (const Node* quotient = g.find(value, "Div", walked)) {
    if (g.scalar(quotient->inputs.at(0)) == 1.0) deviation = deviation_of(g, quotient->inputs.at(1), walked);
  } else {
    deviation = power_of_spread(g, value, -0.5, walked);
  }
  if (deviation) trail = walked;
  return deviation;
}

}  // namespace bpusim
