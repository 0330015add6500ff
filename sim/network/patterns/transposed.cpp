// A norm over the last axis between a Transpose and its inverse: the norm over another axis.
#include <algorithm>

#include "sim/network/patterns/rules.h"

namespace bpusim::rules {

namespace {

std::vector<std::int64_t> permutation(const Node& transpose, std::size_t rank) {
  std::vector<std::int64_t> order(rank);
  for (std::size_t d = 0; d < rank; ++d) order[d] = static_cast<std::int64_t>(rank - 1 - d);
  return transpose.attributes.get("perm", order);
}

bool undone(const std::vector<std::int64_t>& there, const std::vector<std::int64_t>& back) {
  if (there.size() != back.size()) return false;
  for (std::size_t d = 0; d < back.size(); ++d)
    if (there[static_cast<std::size_t>(back[d])] != static_cast<std::int64_t>(d)) return false;
  return true;
}

std::optional<Match> between_transposes(const NetworkGraph& g, std::size_t last, const char* op) {
  const Node& back = g.node(last);
  Trail trail;
  const Node* norm = back.op == "Transpose" ? g.find(back.inputs.at(0), op, trail) : nullptr;
  const Node* there = norm == nullptr ? nullptr : g.find(norm->inputs.at(0), "Transpose", trail);
  const auto shape = there == nullptr ? std::nullopt : g.shape(there->inputs.at(0));
  if (!shape || g.root(back.inputs[0]) != norm->outputs.at(0) ||
      norm->attributes.int_lists.count("axes") != 0)
    return std::nullopt;
  const auto rank = static_cast<std::int64_t>(shape->size());
  const auto order = permutation(*there, shape->size());
  const std::int64_t axis = norm->attributes.get("axis", std::int64_t{-1});
  if ((axis < 0 ? axis + rank : axis) != rank - 1 || !undone(order, permutation(back, shape->size())))
    return std::nullopt;
  std::vector<std::string> inputs = norm->inputs;
  inputs[0] = there->inputs[0];
  Match match = match_of(g, trail, last, op, inputs);
  match.replacement.attributes.floats = norm->attributes.floats;
  match.replacement.attributes.int_lists["axes"] = {order.back()};
  return match;
}

}  // namespace

std::optional<Match> transposed_layer_norm(const NetworkGraph& g, std::size_t last) {
  return between_transposes(g, last, "LayerNormalization");
}

std::optional<Match> transposed_rms_norm(const NetworkGraph& g, std::size_t last) {
  return between_transposes(g, last, "RMSNormalization");
}

}  // namespace bpusim::rules
