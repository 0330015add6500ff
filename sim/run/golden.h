// Float64 values of a network: what every simulated result is measured against.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/network/network.h"

namespace bpusim {

/// A node's outputs from its inputs in order (empty tensors for inputs that are not given). Throws
/// std::invalid_argument where the operator is unknown or its inputs do not fit.
std::vector<Tensor> evaluate(const Node& node, const std::vector<Tensor>& inputs);

/// The operators that evaluate() knows.
bool has_definition(const std::string& op);

/// The norm problem of a node, from its attributes and constant inputs in `network`; `shape` is its data's.
NormProblem norm_problem(const Node& node, const Network& network, const Shape& shape);

/// Evaluates all nodes in order. Numbers and text by value name.
struct GoldenValues {
  std::map<std::string, Tensor> numbers;
  std::map<std::string, StringTensor> text;
};
GoldenValues evaluate(const Network& network);

}  // namespace bpusim
