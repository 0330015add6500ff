#include "sim/network/patterns/norm_core.h"

#include <algorithm>
#include <numeric>

#include "sim/network/patterns/statistics.h"

namespace bpusim {

namespace {

NormCore core_of(const Deviation& deviation, Trail trail) {
  NormCore core;
  core.x = deviation.spread.x;
  core.axes = deviation.spread.axes;
  core.centred = deviation.spread.centred;
  core.epsilon_place = deviation.place;
  core.epsilon = deviation.epsilon;
  core.mean = deviation.spread.mean;
  core.deviation = deviation.value;
  core.trail = std::move(trail);
  return core;
}

// Whether `value` is what the deviation belongs to: x, or x - mean over the same axes.
bool numerator(const NetworkGraph& g, const std::string& value, const Spread& spread, Trail& trail) {
  if (!spread.centred) return g.root(value, trail) == spread.x;
  const auto centred = centred_of(g, value, trail);
  return centred && centred->source == spread.x && centred->axes == spread.axes;
}

// 1 / deviation, or a constant times it.
struct ScaledInverse {
  Deviation deviation;
  const Tensor* gamma = nullptr;
};

std::optional<ScaledInverse> scaled_inverse_of(const NetworkGraph& g, const std::string& value,
                                               Trail& trail) {
  if (const auto inverse = inverse_deviation_of(g, value, trail)) return ScaledInverse{*inverse, nullptr};
  Trail walked = trail;
  const Node* mul = g.find(value, "Mul", walked);
  const auto operands = mul == nullptr ? std::nullopt : beside_constant(g, *mul);
  const auto inverse = operands ? inverse_deviation_of(g, operands->other, walked) : std::nullopt;
  if (!inverse) return std::nullopt;
  trail = walked;
  return ScaledInverse{*inverse, g.constant(operands->constant)};
}

NormCore core_of(const NetworkGraph& g, const ScaledInverse& inverse, const std::string& product,
                 Trail trail) {
  NormCore core = core_of(inverse.deviation, std::move(trail));
  if (inverse.gamma != nullptr) core.steps.push_back({true, *inverse.gamma, g.shape(product)});
  return core;
}

// d / deviation, or d times its inverse, to which gamma may be multiplied first (Flax).
std::optional<NormCore> quotient(const NetworkGraph& g, const std::string& value) {
  Trail trail;
  if (const Node* div = g.find(value, "Div", trail)) {
    const auto deviation = deviation_of(g, div->inputs.at(1), trail);
    if (!deviation || !numerator(g, div->inputs.at(0), deviation->spread, trail)) return std::nullopt;
    return core_of(*deviation, trail);
  }
  const Node* mul = g.find(value, "Mul", trail);
  for (std::size_t i = 0; mul != nullptr && i < 2; ++i) {
    Trail walked = trail;
    const auto inverse = scaled_inverse_of(g, mul->inputs[i], walked);
    if (inverse && numerator(g, mul->inputs[1 - i], inverse->deviation.spread, walked))
      return core_of(g, *inverse, value, walked);
  }
  return std::nullopt;
}

// x s + (beta - mean s), s = inverse deviation, or gamma times it.
struct TensorFlowForm {
  const NetworkGraph& g;

  std::optional<NormCore> at(const std::string& value) const {
    Trail trail;
    const Node* add = g.find(value, "Add", trail);
    for (std::size_t i = 0; add != nullptr && i < 2; ++i)
      if (auto core = sum(add->inputs[i], add->inputs[1 - i], trail)) return core;
    return std::nullopt;
  }

 private:
  std::optional<NormCore> sum(const std::string& product, const std::string& rest, Trail trail) const {
    const Node* sub = g.find(rest, "Sub", trail);
    const Tensor* beta = sub == nullptr ? nullptr : g.constant(sub->inputs.at(0));
    const Node* shift = beta == nullptr ? nullptr : g.find(sub->inputs.at(1), "Mul", trail);
    const Node* mul = shift == nullptr ? nullptr : g.find(product, "Mul", trail);
    for (std::size_t i = 0; mul != nullptr && i < 4; ++i) {
      const std::string &x = mul->inputs[i & 1], &s = mul->inputs[1 - (i & 1)];
      const std::string &mean = shift->inputs[i >> 1], &t = shift->inputs[1 - (i >> 1)];
      if (g.root(s) != g.root(t)) continue;
      if (auto core = scaled(x, s, mean, trail)) {
        core->steps.push_back({false, *beta, g.shape(x)});
        return core;
      }
    }
    return std::nullopt;
  }

  std::optional<NormCore> scaled(const std::string& x, const std::string& s, const std::string& mean,
                                 Trail trail) const {
    const auto inverse = scaled_inverse_of(g, s, trail);
    auto average = mean_of(g, mean, false, trail);
    if (!inverse || !average) return std::nullopt;
    const Spread& spread = inverse->deviation.spread;
    if (!spread.centred || !comes_from(g, spread.x, *average, trail) || average->axes != spread.axes ||
        g.root(x, trail) != spread.x)
      return std::nullopt;
    return core_of(g, *inverse, x, trail);
  }
};

// A value for each channel as a tensor that broadcasts against x. Equal values are one: nothing depends on
// the channel then, as with the ones and zeros that exporters give to an operator without an affine part.
Tensor by_channel(const Tensor& values, std::size_t rank) {
  if (std::all_of(values.values.begin(), values.values.end(),
                  [&](double v) { return v == values.values[0]; }))
    return Tensor({}, {values.values.at(0)});
  Shape shape(rank - 1, 1);
  shape[0] = values.size();
  return Tensor(shape, values.values);
}

std::vector<std::int64_t> axes_but_channel(std::size_t rank, bool batch) {
  std::vector<std::int64_t> axes;
  for (std::size_t d = 0; d < rank; ++d)
    if (d > 1 || (d == 0 && batch)) axes.push_back(static_cast<std::int64_t>(d));
  return axes;
}

// The scale and bias inputs of an operator by channel become affine steps.
bool take_affine(const NetworkGraph& g, const Node& node, std::size_t rank, NormCore& core) {
  const auto shape = g.shape(core.x);
  for (const std::size_t input : {1U, 2U}) {
    const Tensor* values = node.inputs.size() > input ? g.constant(node.inputs[input]) : nullptr;
    if (values == nullptr || values->values.empty()) return false;
    core.steps.push_back({input == 1, by_channel(*values, rank), shape});
  }
  return true;
}

// InstanceNormalization, and BatchNormalization in training mode or with a mean and a variance that are
// computed from its own input: both are norms of another tensor where Reshapes stand around them.
std::optional<NormCore> by_operator(const NetworkGraph& g, const std::string& value) {
  NormCore core;
  const Node* node = g.find(value, "InstanceNormalization", core.trail);
  const bool batch = node == nullptr;
  if (batch) node = g.find(value, "BatchNormalization", core.trail);
  const auto shape = node == nullptr ? std::nullopt : g.shape(node->inputs[0]);
  if (!shape || shape->size() < 3 || g.root(value) != node->outputs[0]) return std::nullopt;
  core.x = g.root(node->inputs[0], core.trail);
  core.axes = axes_but_channel(shape->size(), batch);
  core.epsilon = node->attributes.get("epsilon", 1e-5);
  if (batch && node->attributes.get("training_mode", std::int64_t{0}) == 0) {
    if (node->inputs.size() < 5) return std::nullopt;
    auto mean = mean_of(g, node->inputs[3], true, core.trail);
    const auto variance = mean ? spread_of(g, node->inputs[4], true, core.trail) : std::nullopt;
    if (!variance || !variance->centred || !comes_from(g, core.x, *mean, core.trail) ||
        variance->x != core.x || mean->axes != core.axes || variance->axes != core.axes)
      return std::nullopt;
  }
  if (!take_affine(g, *node, shape->size(), core)) return std::nullopt;
  return core;
}

// LayerNormalization over the last axes, of another shape of the tensor.
std::optional<NormCore> by_layer_norm(const NetworkGraph& g, const std::string& value) {
  NormCore core;
  const Node* node = g.find(value, "LayerNormalization", core.trail);
  const auto shape = node == nullptr ? std::nullopt : g.shape(node->inputs[0]);
  if (!shape || g.root(value) != node->outputs[0] || node->attributes.int_lists.count("axes") != 0)
    return std::nullopt;
  const auto rank = static_cast<std::int64_t>(shape->size());
  const std::int64_t given = node->attributes.get("axis", std::int64_t{-1});
  const std::int64_t first = given < 0 ? given + rank : given;
  if (first < 0 || first >= rank) return std::nullopt;
  core.axes.resize(static_cast<std::size_t>(rank - first));
  std::iota(core.axes.begin(), core.axes.end(), first);
  core.x = g.root(node->inputs[0], core.trail);
  core.epsilon = node->attributes.get("epsilon", 1e-5);
  for (std::size_t input = 1; input < node->inputs.size() && input < 3; ++input) {
    if (node->inputs[input].empty()) continue;
    const Tensor* values = g.constant(node->inputs[input]);
    if (values == nullptr || values->values.empty()) return std::nullopt;
    const bool equal = std::all_of(values->values.begin(), values->values.end(),
                                   [&](double v) { return v == values->values[0]; });
    core.steps.push_back({input == 1, equal ? Tensor({}, {values->values[0]}) : *values, shape});
  }
  return core;
}

std::optional<NormCore> statistics_at(const NetworkGraph& g, const std::string& value) {
  if (auto core = quotient(g, value)) return core;
  if (auto core = TensorFlowForm{g}.at(value)) return core;
  if (auto core = by_operator(g, value)) return core;
  return by_layer_norm(g, value);
}

}  // namespace

std::optional<NormCore> norm_ending_at(const NetworkGraph& g, const std::string& value) {
  std::vector<AffineStep> outermost_first;
  Trail trail;
  bool scaled = false, shifted = false;
  for (std::string at = value;;) {
    if (auto core = statistics_at(g, at)) {
      core->trail.insert(core->trail.end(), trail.begin(), trail.end());
      core->steps.insert(core->steps.end(), outermost_first.rbegin(), outermost_first.rend());
      return core;
    }
    if (const auto before = g.before_reshape(at, trail)) {
      at = *before;
      continue;
    }
    const auto made = g.maker(at);
    if (!made) return std::nullopt;
    const Node& node = g.node(*made);
    const bool factor = node.op == "Mul" && !scaled, summand = node.op == "Add" && !shifted && !scaled;
    const auto operands = factor || summand ? beside_constant(g, node) : std::nullopt;
    if (!operands) return std::nullopt;
    (factor ? scaled : shifted) = true;
    outermost_first.push_back({factor, *g.constant(operands->constant), g.shape(at)});
    trail.push_back(*made);
    at = operands->other;
  }
}

}  // namespace bpusim
