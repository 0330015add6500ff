// The table of rules, and their application.
#include "sim/network/patterns/rules.h"

#include <algorithm>

#include "sim/network/patterns.h"

namespace bpusim {

const std::vector<Rule>& recognition_rules() {
  // What is more particular comes first: an InstanceNorm without an affine part is a LayerNorm as well.
  static const std::vector<Rule> rules = {
      {"InstanceNorm", "InstanceNormalization",
       "as LayerNorm, over all axes behind the channels, or over them as one by Reshape; gamma, beta by "
       "channel",
       rules::instance_normalization},
      {"GroupNorm", "GroupNormalization",
       "Reshape to groups, InstanceNormalization or the primitives of LayerNorm, Reshape back, gamma, beta "
       "by "
       "channel",
       rules::group_normalization},
      {"LayerNorm", "LayerNormalization",
       "(x - mean) / Sqrt(variance + e) gamma + beta; means by ReduceMean, or by ReduceSum and 1/n, of "
       "another "
       "shape too; by keepdims, Unsqueeze or Reshape; variance from Pow, Mul or ReduceSumSquare of the "
       "difference, or E[x^2] - E[x]^2; Div, Reciprocal and Mul, or Pow -0.5; x s + (beta - mean "
       "s); "
       "BatchNormalization of a Reshape with its own statistics (Keras)",
       rules::layer_normalization},
      {"RMSNorm", "RMSNormalization", "x / Sqrt(ReduceMean(x^2) + e) gamma, Casts between",
       rules::rms_normalization},
      {"LayerNorm over another axis", "LayerNormalization",
       "Transpose, LayerNormalization over the last axis, Transpose back", rules::transposed_layer_norm},
      {"RMSNorm over another axis", "RMSNormalization",
       "Transpose, RMSNormalization over the last axis, Transpose back", rules::transposed_rms_norm},
      {"MVN", "MeanVarianceNormalization", "(x - mean) / (Sqrt(variance) + 1e-9)",
       rules::mean_variance_normalization},
      {"L1, L2 normalise", "LpNormalization",
       "x / ReduceL2(x), x / ReduceL1(x), x / Sqrt(ReduceSum(x^2)); a tiny Clip, Max or Add, an Expand "
       "between",
       rules::lp_normalization},
      {"IBN", "InstanceBatchNormalization",
       "Split of the channels, InstanceNormalization and BatchNormalization, Concat",
       rules::instance_batch_normalization},
      {"Softmax", "Softmax",
       "Exp(x) / ReduceSum(Exp(x)) along one axis, as Div or Reciprocal and Mul; x - "
       "ReduceMax(x) first, or not",
       rules::softmax},
      {"GELU", "Gelu",
       "x (1 + Erf(x / Sqrt 2)) / 2, or x (1 + Tanh(Sqrt(2 / pi) (x + 0.044715 x^3))) / 2; factors in any "
       "order",
       rules::gelu},
      {"SiLU", "SiLU", "x Sigmoid(x)", rules::silu},
      {"HardSwish", "HardSwish", "x Clip(x + 3, 0, 6) / 6, x HardSigmoid(x) with alpha 1/6 and beta 1/2",
       rules::hard_swish},
      {"Mish", "Mish", "x Tanh(Softplus(x))", rules::mish},
      {"Softplus", "Softplus", "Log(1 + Exp(x))", rules::softplus},
  };
  return rules;
}

Network recognise(const Network& given, const std::function<bool(const std::string&)>& wanted,
                  const std::function<bool(const Node&)>& kept) {
  std::vector<const Rule*> rules;
  for (const Rule& rule : recognition_rules())
    if (!wanted || wanted(rule.op)) rules.push_back(&rule);
  NetworkGraph graph(given);
  // Rules look for what ends a pattern; from the back, so that a beta is found before the norm without it.
  // What they put together may be part of another pattern: again until nothing changes.
  const auto keeps = [&](const Match& match) {
    return kept && std::any_of(match.nodes.begin(), match.nodes.end(),
                               [&](std::size_t n) { return kept(graph.node(n)); });
  };
  const auto apply_one = [&](std::size_t last) {
    if (graph.node(last).inputs.empty() || graph.node(last).outputs.empty()) return false;
    for (const Rule* rule : rules) {
      const auto match = rule->match(graph, last);
      if (match && !keeps(*match) && graph.apply(*match, last)) return true;
    }
    return false;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t last = graph.size(); last-- > 0;)
      while (graph.alive(last) && apply_one(last)) changed = true;
  }
  return graph.take();
}

}  // namespace bpusim
