#include "sim/network/patterns/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/network/patterns/alignment.h"

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

// Whether a Clip, by attributes or inputs, has the floor 0 and no ceiling.
bool clips_at_zero(const NetworkGraph& g, const Node& clip) {
  const auto limit = [&](std::size_t input, const char* attribute, double none) {
    if (input >= clip.inputs.size() || clip.inputs[input].empty())
      return clip.attributes.get(attribute, none);
    return g.scalar(clip.inputs[input]).value_or(std::numeric_limits<double>::quiet_NaN());
  };
  constexpr double most = std::numeric_limits<float>::max();
  return limit(1, "min", -most) == 0 && limit(2, "max", most) >= most;
}

// Strips what leaves a variance as it is: a Relu, or the larger of it and 0.
std::string without_floor(const NetworkGraph& g, const std::string& value, Trail& trail) {
  if (const Node* relu = g.find(value, "Relu", trail)) return relu->inputs[0];
  Trail walked = trail;
  if (const Node* clip = g.find(value, "Clip", walked); clip != nullptr && clips_at_zero(g, *clip)) {
    trail = walked;
    return clip->inputs[0];
  }
  walked = trail;
  const Node* larger = g.find(value, "Max", walked);
  if (larger == nullptr || larger->inputs.size() != 2) return value;
  for (std::size_t i = 0; i < 2; ++i)
    if (g.scalar(larger->inputs[i]) == 0.0) {
      trail = walked;
      return larger->inputs[1 - i];
    }
  return value;
}

// spread + epsilon; no summand is an epsilon of 0. `vector`, here and below: shapes are the caller's
// business.
std::optional<Deviation> spread_and_epsilon(const NetworkGraph& g, const std::string& value, bool vector,
                                            Trail& trail) {
  Trail walked = trail;
  Deviation deviation;
  std::string spread = value;
  if (const Node* add = g.find(value, "Add", walked)) {
    const auto sum = beside_constant(g, *add);
    if (!sum || !g.scalar(sum->constant)) return std::nullopt;
    deviation.epsilon = *g.scalar(sum->constant);
    spread = sum->other;
  }
  const auto found = spread_of(g, spread, vector, walked);
  if (!found || deviation.epsilon < 0) return std::nullopt;
  deviation.spread = *found;
  trail = walked;
  return deviation;
}

std::optional<Deviation> power_of_spread(const NetworkGraph& g, const std::string& value, double exponent,
                                         bool vector, Trail& trail) {
  Trail walked = trail;
  const Node* power = g.find(value, "Pow", walked);
  if (power == nullptr || g.scalar(power->inputs.at(1)) != exponent) return std::nullopt;
  auto deviation = spread_and_epsilon(g, power->inputs[0], vector, walked);
  if (deviation) trail = walked;
  return deviation;
}

std::optional<Deviation> root_of_spread(const NetworkGraph& g, const std::string& value, bool vector,
                                        Trail& trail) {
  Trail walked = trail;
  const Node* root = g.find(value, "Sqrt", walked);
  auto deviation = root == nullptr ? power_of_spread(g, value, 0.5, vector, walked)
                                   : spread_and_epsilon(g, root->inputs[0], vector, walked);
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
  if ((node.op != op && !pooled) || node.inputs.empty()) return std::nullopt;
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

namespace {

// What a sum is multiplied by: 1 / n as a number, or n as a divisor.
struct Scaled {
  std::string sum;
  double factor = 1;
};
std::optional<Scaled> scaled_by_number(const NetworkGraph& g, const std::string& value, Trail& trail) {
  for (const char* op : {"Mul", "Div"}) {
    Trail walked = trail;
    const Node* node = g.find(g.unshaped(value, walked), op, walked);
    const auto operands = node == nullptr ? std::nullopt : beside_constant(g, *node);
    const auto number = operands ? g.scalar(operands->constant) : std::nullopt;
    const bool divides = node != nullptr && node->op == "Div";
    if (!number || *number == 0 || (divides && operands->constant != node->inputs[1])) continue;
    trail = walked;
    return Scaled{operands->other, divides ? 1 / *number : *number};
  }
  return std::nullopt;
}

// A sum over a set, divided by the number of its elements.
std::optional<Reduction> averaged(const NetworkGraph& g, const std::string& value, const char* op,
                                  bool vector, Trail& trail) {
  Trail walked = trail;
  const auto scaled = scaled_by_number(g, value, walked);
  auto sum = scaled ? reduction_of(g, scaled->sum, op, true, walked) : std::nullopt;
  const auto shape = sum ? g.shape(sum->source) : std::nullopt, given = g.shape(value);
  if (!shape || !given) return std::nullopt;
  double elements = 1;
  for (const std::int64_t axis : sum->axes)
    elements *= static_cast<double>((*shape)[static_cast<std::size_t>(axis)]);
  if (std::abs(scaled->factor * elements - 1) > 1e-6 || (!vector && !meets(*given, *shape, sum->axes)))
    return std::nullopt;
  sum->value = meets(*given, *shape, sum->axes) ? value : "";
  trail = walked;
  return sum;
}

// The axes of `to` that the reduction runs over, where its source has the same elements under another shape.
bool take_axes_of(const NetworkGraph& g, const std::string& to, Reduction& reduction) {
  const auto shape = g.shape(to), other = g.shape(reduction.source);
  const auto pieces = shape && other ? align(*shape, *other) : std::nullopt;
  if (!pieces) return false;
  std::vector<char> reduced(shape->size(), 0), kept(shape->size(), 0);
  for (const Piece& piece : *pieces) {
    const auto& axes = reduction.axes;
    const bool over = std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(piece.b)) != axes.end();
    (over ? reduced : kept)[piece.a] = 1;
  }
  Reduction moved{to, {}, reduction.value};
  for (std::size_t d = 0; d < shape->size(); ++d) {
    if (reduced[d] != 0 && kept[d] != 0) return false;
    if (reduced[d] != 0) moved.axes.push_back(static_cast<std::int64_t>(d));
  }
  const auto given = g.shape(reduction.value);
  if (!given || !meets(*given, *shape, moved.axes)) moved.value.clear();
  reduction = moved;
  return !reduction.axes.empty();
}

}  // namespace

bool comes_from(const NetworkGraph& g, const std::string& x, Reduction& reduction, Trail& trail) {
  if (reduction.source == x) return true;
  Trail walked = trail;
  Trail upstream;
  const std::string origin = g.unshaped(x, upstream);
  for (std::string at = reduction.source; at != x && at != origin;) {
    const auto before = g.before_reshape(at, walked);
    if (!before) return false;
    at = *before;
  }
  if (!take_axes_of(g, x, reduction)) return false;
  trail = walked;
  return true;
}

namespace {

// A mean of d * d; its source is d.
std::optional<Reduction> mean_square_of(const NetworkGraph& g, const std::string& value, bool vector,
                                        Trail& trail) {
  Trail walked = trail;
  if (auto sum = averaged(g, value, "ReduceSumSquare", vector, walked)) {
    trail = walked;
    return sum;
  }
  walked = trail;
  auto mean = mean_of(g, value, vector, walked);
  for (std::string at = mean ? mean->source : ""; mean;) {
    if (const auto d = square_of(g, at, walked)) {
      if (at != mean->source && !take_axes_of(g, at, *mean)) return std::nullopt;
      mean->source = *d;
      trail = walked;
      return mean;
    }
    const auto before = g.before_reshape(at, walked);
    if (!before) return std::nullopt;
    at = *before;
  }
  return std::nullopt;
}

// The same spread of x, where a Reshape or a missing keepdims stands between it and its mean.
Spread about_mean(const NetworkGraph& g, const Reduction& square, Trail& trail) {
  Trail walked = trail;
  const auto centred = centred_of(g, square.source, walked);
  if (!centred || centred->axes != square.axes) return {square.source, square.axes, false, ""};
  trail = walked;
  return {centred->source, square.axes, true, centred->value};
}

// E[x^2] - E[x]^2.
std::optional<Spread> difference_of_means(const NetworkGraph& g, const std::string& value, bool vector,
                                          Trail& trail) {
  Trail walked = trail;
  const Node* sub = g.find(value, "Sub", walked);
  const auto squares = sub == nullptr ? std::nullopt : mean_square_of(g, sub->inputs.at(0), vector, walked);
  const auto square = squares ? square_of(g, sub->inputs.at(1), walked) : std::nullopt;
  auto mean = square ? mean_of(g, *square, vector, walked) : std::nullopt;
  if (!mean || !comes_from(g, squares->source, *mean, walked) || mean->axes != squares->axes)
    return std::nullopt;
  trail = walked;
  return Spread{squares->source, squares->axes, true, mean->value};
}

}  // namespace

std::optional<Reduction> mean_of(const NetworkGraph& g, const std::string& value, bool vector, Trail& trail) {
  if (auto mean = reduction_of(g, value, "ReduceMean", vector, trail)) return mean;
  return averaged(g, value, "ReduceSum", vector, trail);
}

std::optional<Reduction> centred_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  Trail walked = trail;
  const Node* sub = g.find(value, "Sub", walked);
  if (sub == nullptr) return std::nullopt;
  const std::string x = g.root(sub->inputs.at(0), walked);
  const Trail before = walked;
  auto mean = mean_of(g, sub->inputs.at(1), false, walked);
  if (mean && comes_from(g, x, *mean, walked)) {
    trail = walked;
    return mean;
  }
  walked = before;  // a mean of another shape of x, brought into x's
  mean = mean_of(g, sub->inputs[1], true, walked);
  const auto shape = g.shape(x), given = g.shape(sub->inputs[1]);
  if (!mean || !shape || !given || !comes_from(g, x, *mean, walked) || !meets(*given, *shape, mean->axes))
    return std::nullopt;
  trail = walked;
  return mean;
}

namespace {

// `flat`: shapes are the caller's business.
std::optional<Spread> spread_at(const NetworkGraph& g, const std::string& given, bool flat, Trail& trail) {
  Trail walked = trail;
  const std::string value = without_floor(g, flat ? g.unshaped(given, walked) : given, walked);
  if (const auto square = mean_square_of(g, value, flat, walked)) {
    trail = walked;
    return about_mean(g, *square, trail);
  }
  auto spread = difference_of_means(g, flat ? g.unshaped(value, walked) : value, flat, walked);
  if (spread) trail = walked;
  return spread;
}

}  // namespace

std::optional<Spread> spread_of(const NetworkGraph& g, const std::string& given, bool vector, Trail& trail) {
  if (!vector)
    if (auto spread = spread_at(g, given, false, trail)) return spread;
  Trail walked = trail;
  auto spread = spread_at(g, given, true, walked);
  if (!spread) return std::nullopt;
  const auto shape = g.shape(spread->x), reduced = g.shape(given);
  if (!vector && (!shape || !reduced || !meets(*reduced, *shape, spread->axes))) return std::nullopt;
  trail = walked;
  return spread;
}

namespace {

std::optional<Deviation> deviation_at(const NetworkGraph& g, const std::string& value, bool vector,
                                      Trail& trail) {
  Trail walked = trail;
  auto deviation = root_of_spread(g, value, vector, walked);
  if (!deviation) {
    walked = trail;
    const Node* add = g.find(value, "Add", walked);
    const auto sum = add == nullptr ? std::nullopt : beside_constant(g, *add);
    if (!sum || !g.scalar(sum->constant)) return std::nullopt;
    deviation = root_of_spread(g, sum->other, vector, walked);
    if (!deviation || deviation->epsilon != 0) return std::nullopt;
    deviation->place = EpsilonPlace::OnDeviation;
    deviation->epsilon = *g.scalar(sum->constant);
  }
  deviation->value = value;
  trail = walked;
  return deviation;
}

std::optional<Deviation> inverse_at(const NetworkGraph& g, const std::string& value, bool vector,
                                    Trail& trail) {
  const auto deviation_in = [&](const std::string& of, Trail& walked) {
    return vector ? deviation_at(g, g.unshaped(of, walked), true, walked) : deviation_of(g, of, walked);
  };
  Trail walked = trail;
  std::optional<Deviation> deviation;
  if (const Node* reciprocal = g.find(value, "Reciprocal", walked)) {
    deviation = deviation_in(reciprocal->inputs[0], walked);
  } else if (const Node* quotient = g.find(value, "Div", walked)) {
    if (g.scalar(quotient->inputs.at(0)) == 1.0) deviation = deviation_in(quotient->inputs.at(1), walked);
  } else {
    deviation = power_of_spread(g, value, -0.5, vector, walked);
  }
  if (deviation) trail = walked;
  return deviation;
}

using DeviationFinder = std::optional<Deviation> (*)(const NetworkGraph&, const std::string&, bool, Trail&);

// What `find` finds at the value, or at one without the axes that a Reshape behind it brought back.
std::optional<Deviation> in_any_shape(DeviationFinder find, const NetworkGraph& g, const std::string& value,
                                      Trail& trail) {
  if (auto deviation = find(g, value, false, trail)) return deviation;
  Trail walked = trail;
  const std::string flat = g.unshaped(value, walked);
  auto deviation = flat == value ? std::nullopt : find(g, flat, true, walked);
  const auto shape = deviation ? g.shape(deviation->spread.x) : std::nullopt, given = g.shape(value);
  if (!shape || !given || !meets(*given, *shape, deviation->spread.axes)) return std::nullopt;
  deviation->value.clear();  // no tensor of it has the axes
  trail = walked;
  return deviation;
}

}  // namespace

std::optional<Deviation> deviation_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  return in_any_shape(deviation_at, g, value, trail);
}

std::optional<Deviation> inverse_deviation_of(const NetworkGraph& g, const std::string& value, Trail& trail) {
  return in_any_shape(inverse_at, g, value, trail);
}

}  // namespace bpusim
