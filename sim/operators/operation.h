// A node with what is known of its inputs before anything runs: what shapes, limits and prices are decided
// by.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/tensor/tensor.h"
#include "sim/network/network.h"

namespace bpusim {

/// Stands for an optional input that is not given: rank 1, no elements.
const Tensor& absent();

struct Operation {
  const Node& node;
  std::vector<Shape> shapes;         ///< of the inputs in order; [0] for those that are not given
  std::vector<DType> dtypes;         ///< of the inputs in order; Float32 for those that are not given
  std::vector<char> constant;        ///< whether an input is a constant, with or without data
  std::vector<std::string> tensors;  ///< inputs that are tensors on the machine (operands_of)
  std::vector<const Value*> values;  ///< of constant inputs with numbers, else null

  bool given(std::size_t input) const { return input < node.inputs.size() && !node.inputs[input].empty(); }
  /// Whether value() has an answer: a constant with numbers, or an input that is not given.
  bool known(std::size_t input) const { return !given(input) || values[input] != nullptr; }
  /// Whether the inputs behind the first are constants, so that what is computed, if anything, is the first.
  bool constant_parameters() const;
  /// Throws std::invalid_argument where the input is not given.
  const Shape& shape(std::size_t input = 0) const;
  DType dtype(std::size_t input = 0) const;  ///< throws as shape() does
  /// The constant's values; absent() where it is not given. Throws NotRun where they are not
  /// known.
  const Tensor& value(std::size_t input) const;
  /// Inputs from the second on; throws as value() does.
  std::vector<Tensor> constants() const;
  /// Integers of an attribute, or of an input, where newer opsets have them. Empty where neither is given.
  std::vector<std::int64_t> integers(const char* attribute, std::size_t input) const;

  mutable std::vector<std::shared_ptr<const Tensor>> read;  ///< what value() has read
};

/// Looks a node's inputs up in its network.
Operation operation_of(const Node& node, const Network& network);

/// An axis attribute counted from the front. Throws std::invalid_argument where it lies outside the rank.
std::size_t axis_of(const Node& node, const char* attribute, std::int64_t fallback, std::size_t rank);

}  // namespace bpusim
