// Shapes that follow from other shapes while a model is read: what the condition of an If may ask for. All
// shapes are inferred again, by the operators' own rows, once the network is whole.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/network/network.h"

namespace bpusim {

constexpr std::int64_t kOpen = 0;  ///< the extent of a dimension that nobody has set

/// What is known of a node's inputs; both give nothing where nobody knows.
struct KnownInputs {
  std::function<std::optional<Shape>(const std::string& value)> shape;  ///< open dimensions are kOpen
  std::function<std::optional<Tensor>(const std::string& value)>
      value;  ///< NaN where nobody knows an element
};

/// The shape of the node's first output; nothing for operators that it is not known of.
std::optional<Shape> known_shape(const Node& node, const KnownInputs& inputs);

}  // namespace bpusim
