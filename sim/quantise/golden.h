// Float64 values of a network: what every simulated result is measured against.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sim/listener.h"
#include "sim/network/network.h"
#include "sim/operators/operator.h"

namespace bpusim {

/// Evaluates all nodes in order, and shows each value as soon as it is there: the network's inputs first,
/// then the nodes' outputs. No constants. A value is dropped behind its last reader, unless the visitor keeps
/// it. Values whose grid is given are clamped to its ends, and not rounded to its steps: in the float64 model
/// of a network that was quantised elsewhere weights are what their codes stand for, and activations
/// saturate. `network` has its shapes and types (simplify.h). Throws InputError that names the node.
struct GoldenVisitor {
  std::function<void(const std::string& name, const std::shared_ptr<const Tensor>& tensor)> number;
  std::function<void(const std::string& name, const StringTensor& words)> text;
  /// Each node of numbers once more, with its inputs; may be empty.
  std::function<void(const Node& node, const Inputs& inputs, const std::vector<Tensor>& outputs)> node;
  /// A node that makes infinity of finite numbers, or meets whole numbers that float64 does not hold, and
  /// what its inputs are; may be empty.
  std::function<void(const Node& node, const std::string& what)> doubt;
  const Listener* listener = nullptr;
};
void evaluate(const Network& network, const GoldenVisitor& visitor);

/// All values at once, constants too, shapes inferred on the way.
struct GoldenValues {
  std::map<std::string, Tensor> numbers;
  std::map<std::string, StringTensor> text;
};
GoldenValues evaluate(const Network& network, const Listener& listener = {});

}  // namespace bpusim
