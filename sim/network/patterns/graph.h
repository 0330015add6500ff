// What recognition rules read a network with: who makes a value and who reads it, constants, axes. Operators
// that change nothing (Identity, a Cast between floats, a Reshape to the same shape) are seen through.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/network/free_names.h"
#include "sim/network/network.h"

namespace bpusim {

/// The nodes that a rule has walked over, which are to become one; by index.
using Trail = std::vector<std::size_t>;

/// What a rule found: one node for several.
struct Match {
  Trail nodes;                     ///< all of them, among them the last, which makes the first result
  Node replacement;                ///< its name and first output are those of the last node
  std::vector<std::string> extra;  ///< further values that the replacement makes: its outputs from 1 on
  std::vector<std::pair<std::string, Tensor>> constants;  ///< that the replacement reads, by its inputs
};

/// Values and nodes of a network that shrinks while rules match. Indices of nodes stay.
class NetworkGraph {
 public:
  explicit NetworkGraph(Network network);

  std::size_t size() const { return network_.nodes.size(); }
  bool alive(std::size_t n) const { return alive_[n] != 0; }
  const Node& node(std::size_t n) const { return network_.nodes[n]; }

  /// The node that makes the value; nothing for inputs and constants.
  std::optional<std::size_t> maker(const std::string& value) const;
  /// The same if it is of this operator and has its operands, seen through copies. What was walked over goes
  /// onto the trail; where it is another operator the trail stays as it was.
  const Node* find(const std::string& value, const std::string& op, Trail& trail) const;

  /// The value of which this one is a copy, perhaps itself.
  std::string root(const std::string& value, Trail& trail) const;
  std::string root(const std::string& value) const;
  /// The value of which this one is a copy in another shape (same elements in the same order), one step back.
  std::optional<std::string> before_reshape(const std::string& value, Trail& trail) const;
  /// All the way back.
  std::string unshaped(const std::string& value, Trail& trail) const;

  /// Whether this is an operator that only copies its input, perhaps into another shape.
  bool copies(const Node& node) const;

  std::vector<std::size_t> readers(const std::string& value) const;
  bool leaves(const std::string& value) const;  ///< an output of the network

  /// Nothing where it is not known in full.
  std::optional<Shape> shape(const std::string& value) const;

  const Tensor* constant(const std::string& value) const;
  /// The one element of a constant.
  std::optional<double> scalar(const std::string& value) const;
  bool is_scalar(const std::string& value, double expected) const;  ///< within float32's precision

  /// The integers of an attribute, or of the constant input that newer opsets have instead.
  std::vector<std::int64_t> integers(const Node& node, const char* name, std::size_t input) const;

  /// Puts the replacement where the last node is and takes out what only it read. Refuses, and changes
  /// nothing, where a value inside is read by somebody else (copies may be) or has a grid of its own, where
  /// fewer than two nodes would go, or where somebody reads a result before the last node.
  bool apply(const Match& match, std::size_t last);

  /// The network without what was taken out.
  Network take();

 private:
  std::optional<Trail> removable(const Match& match, std::size_t last) const;
  void connect(std::size_t n);
  void disconnect(std::size_t n);

  Network network_;
  FreeNames names_;
  mutable std::map<std::string, std::shared_ptr<const Tensor>> read_;  // of constants that are stored
  std::vector<char> alive_;
  std::unordered_map<std::string, std::size_t> makers_;
  std::unordered_map<std::string, std::vector<std::size_t>> readers_;  ///< one entry an input that reads it
  std::unordered_map<std::string, char> outputs_;
};

/// One operand is a constant with one element near `value`; the other operand.
std::optional<std::string> beside_scalar(const NetworkGraph& g, const Node& node, double value);

/// An operand that is a constant, beside one that is none.
struct BesideConstant {
  std::string other, constant;
};
std::optional<BesideConstant> beside_constant(const NetworkGraph& g, const Node& node);

/// A match that ends at `last` and reads `inputs`.
Match match_of(const NetworkGraph& g, Trail nodes, std::size_t last, const std::string& op,
               std::vector<std::string> inputs);
/// Gives the replacement another constant input.
void add_constant(Match& match, const char* name, Tensor values);

}  // namespace bpusim
