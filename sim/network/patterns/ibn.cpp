// IBN: the channels split, InstanceNormalization on the first, BatchNormalization on the rest, side by side
// again. Source: Pan et al., "Two at Once", ECCV 2018.
#include <algorithm>

#include "sim/network/patterns/rules.h"

namespace bpusim::rules {

namespace {

bool over_channels(const NetworkGraph& g, const Node& node) {
  const std::int64_t axis = node.attributes.get("axis", std::int64_t{0});
  const auto shape = g.shape(node.inputs.at(0));
  return axis == 1 || (shape && axis + static_cast<std::int64_t>(shape->size()) == 1);
}

// Both halves have one epsilon; what the other has more goes into its variance.
bool level_epsilon(const Node& instance, const Node& batch, Tensor& variance) {
  const double more = batch.attributes.get("epsilon", 1e-5) - instance.attributes.get("epsilon", 1e-5);
  for (double& v : variance.values) v += more;
  return std::all_of(variance.values.begin(), variance.values.end(), [](double v) { return v >= 0; });
}

}  // namespace

std::optional<Match> instance_batch_normalization(const NetworkGraph& g, std::size_t last) {
  const Node& concat = g.node(last);
  if (concat.op != "Concat" || concat.inputs.size() != 2 || !over_channels(g, concat)) return std::nullopt;
  Trail trail;
  const Node* instance = g.find(concat.inputs[0], "InstanceNormalization", trail);
  const Node* batch = instance == nullptr ? nullptr : g.find(concat.inputs[1], "BatchNormalization", trail);
  if (batch == nullptr || batch->attributes.get("training_mode", std::int64_t{0}) != 0) return std::nullopt;
  const Node* split = g.find(instance->inputs[0], "Split", trail);
  if (split == nullptr || split->outputs.size() != 2 || !over_channels(g, *split) ||
      g.root(instance->inputs[0], trail) != split->outputs[0] ||
      g.root(batch->inputs[0], trail) != split->outputs[1])
    return std::nullopt;
  Match match = match_of(g, trail, last, "InstanceBatchNormalization", {g.root(split->inputs[0])});
  static const char* const names[] = {"in_scale", "in_bias", "bn_scale", "bn_bias", "bn_mean", "bn_var"};
  for (std::size_t i = 0; i < 6; ++i) {
    const Node& half = i < 2 ? *instance : *batch;
    const std::size_t input = i < 2 ? i + 1 : i - 1;
    const Tensor* values = half.inputs.size() > input ? g.constant(half.inputs[input]) : nullptr;
    if (values == nullptr) return std::nullopt;
    Tensor copy = *values;
    if (i == 5 && !level_epsilon(*instance, *batch, copy)) return std::nullopt;
    add_constant(match, names[i], std::move(copy));
  }
  match.replacement.attributes.floats["epsilon"] = instance->attributes.get("epsilon", 1e-5);
  return match;
}

}  // namespace bpusim::rules
