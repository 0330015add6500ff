#include "sim/plan/idle.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/tensor/view.h"
#include "sim/network/free_names.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

// The tensor that arithmetic with a neutral number gives back; empty for all else. One number only: what a
// tensor of weights holds must not decide about cycles.
std::string beside_neutral(const Operation& operation) {
  const Node& node = operation.node;
  const bool sum = node.op == "Add" || node.op == "Sub" || node.op == "Sum";
  const bool product = node.op == "Mul" || node.op == "Div" || node.op == "Pow";
  if ((!sum && !product) || operation.tensors.size() != 1 || node.inputs.size() != 2) return "";
  const std::size_t at = operation.tensors[0] == node.inputs[0] ? 1 : 0;
  const bool either_side = node.op == "Add" || node.op == "Mul" || node.op == "Sum";
  if (element_count(operation.shape(at)) != 1 || !operation.known(at) || (at == 0 && !either_side)) return "";
  return operation.value(at).values[0] == (sum ? 0 : 1) ? operation.tensors[0] : "";
}

// The tensor that a Where on one known condition always takes; empty for all else.
std::string always_chosen(const Operation& operation) {
  const Node& node = operation.node;
  if (node.op != "Where" || node.inputs.size() != 3 || element_count(operation.shape(0)) != 1 ||
      operation.constant[0] == 0 || !operation.known(0))
    return "";
  const std::size_t taken = operation.value(0).values[0] != 0 ? 1 : 2;
  return operation.constant[taken] == 0 ? node.inputs[taken] : "";
}

// To float or double, which hold all that a float32 tensor does, or to the integers that are there already.
bool casts_nothing(const Node& node, const Network& network) {
  if (node.op != "Cast") return false;
  const DType type = network.values.at(node.inputs.at(0)).dtype;
  switch (node.attributes.get("to", std::int64_t{1})) {
    case 1:
    case 11:
      return type == DType::Float32;
    case 6:
      return type == DType::Int32;
    case 7:
      return type == DType::Int64;
    case 9:
      return type == DType::Bool;
    default:
      return false;
  }
}

bool has_same_elements(const Node& node, const Operation& operation, const Network& network) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || node.inputs.empty() || operation.constant[0] != 0) return false;
  if (casts_nothing(node, network)) return true;
  try {
    return row->same_elements != nullptr && row->same_elements(operation);
  } catch (const std::invalid_argument&) {
    return false;  // parameters that are computed, or a node that the run will refuse
  }
}

class Idle {
 public:
  explicit Idle(Network network) : network_(std::move(network)), names_(network_) {
    for (const Node& node : network_.nodes) read_.insert(node.inputs.begin(), node.inputs.end());
  }

  Network run() {
    std::vector<Node> kept;
    for (Node& node : network_.nodes) {
      for (std::string& input : node.inputs)
        if (const auto found = same_.find(input); found != same_.end()) input = found->second;
      if (node.op == "Transpose") move_at_once(node);
      const std::string input = source_of(node);
      if (!input.empty() && grids_agree(input, node.outputs.at(0)) && drop(node, input)) continue;
      kept.push_back(std::move(node));
    }
    network_.nodes = std::move(kept);
    leave_out_unread();
    return std::move(network_);
  }

 private:
  bool leaves(const std::string& value) const {
    return std::find(network_.outputs.begin(), network_.outputs.end(), value) != network_.outputs.end();
  }

  // A grid that is given for the result would be lost with it, or become its input's.
  bool grids_agree(const std::string& input, const std::string& output) const {
    const auto &before = network_.values.at(input).grid, &behind = network_.values.at(output).grid;
    return !behind || (before && same_grid(*before, *behind));
  }

  // A Transpose of a Transpose moves what that one read: often back to where it was.
  void move_at_once(Node& node) {
    if (node.inputs.empty() || network_.unknown.count(node.inputs[0]) != 0) return;
    std::vector<std::int64_t> perm = node.attributes.get("perm", std::vector<std::int64_t>{});
    const std::size_t rank = network_.shape_of(node.inputs[0]).size();
    for (std::size_t d = perm.size(); d < rank; ++d) perm.push_back(static_cast<std::int64_t>(rank - 1 - d));
    if (const auto before = moved_.find(node.inputs[0]); before != moved_.end()) {
      for (std::int64_t& axis : perm) axis = before->second.perm[static_cast<std::size_t>(axis)];
      node.inputs[0] = before->second.source;
      node.attributes.int_lists["perm"] = perm;
    }
    moved_[node.outputs.at(0)] = {node.inputs[0], perm};
  }

  // Nodes for nobody, the last ones first: others may be for them alone.
  void leave_out_unread() {
    if (network_.outputs.empty()) return;
    std::set<std::string> wanted(network_.outputs.begin(), network_.outputs.end());
    std::vector<Node> kept;
    for (auto node = network_.nodes.rbegin(); node != network_.nodes.rend(); ++node) {
      const auto is_wanted = [&](const std::string& output) { return wanted.count(output) != 0; };
      if (std::none_of(node->outputs.begin(), node->outputs.end(), is_wanted)) {
        for (const std::string& output : node->outputs) network_.values.erase(output);
        continue;
      }
      wanted.insert(node->inputs.begin(), node->inputs.end());
      kept.push_back(std::move(*node));
    }
    network_.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  }

  // The tensor whose elements the node gives back, if that is all that it does.
  std::string source_of(const Node& node) const {
    for (const std::string& input : node.inputs)
      if (network_.unknown.count(input) != 0) return "";
    for (std::size_t i = 1; i < node.outputs.size(); ++i)
      if (read_.count(node.outputs[i]) != 0 || leaves(node.outputs[i])) return "";
    const Operation operation = operation_of(node, network_);
    if (has_same_elements(node, operation, network_)) return node.inputs[0];
    std::string chosen = always_chosen(operation);
    if (!chosen.empty() && network_.shape_of(chosen) == network_.shape_of(node.outputs.at(0))) return chosen;
    return beside_neutral(operation);
  }

  // Whether the node is gone; else it costs nothing now.
  bool drop(Node& node, const std::string& input) {
    const std::string& output = node.outputs.at(0);
    const Shape& shape = network_.shape_of(output);
    const bool same_shape = network_.shape_of(input) == shape;
    if (same_shape && !leaves(output)) {
      same_[output] = input;
      network_.values.erase(output);
      return true;
    }
    if (is_alias(node.op) && operands_of(node, network_).size() == 1) return false;
    node.op = same_shape ? "Identity" : "Reshape";
    node.attributes = {};
    node.inputs = {input};
    node.outputs.resize(1);
    if (!same_shape) node.inputs.push_back(add_target(names_.take(node.name + ".shape"), shape));
    return false;
  }

  std::string add_target(const std::string& name, const Shape& shape) {
    Value& value = network_.values[name];
    value.constant = true;
    value.dtype = DType::Int64;
    value.hold(Tensor({static_cast<std::int64_t>(shape.size())}, {shape.begin(), shape.end()}));
    return name;
  }

  struct Moved {
    std::string source;
    std::vector<std::int64_t> perm;
  };

  Network network_;
  FreeNames names_;
  std::map<std::string, Moved> moved_;       // what Transposes make
  std::set<std::string> read_;               // values that nodes of the network read
  std::map<std::string, std::string> same_;  // values that are gone, and the one that each equals
};

}  // namespace

Network without_idle_nodes(Network network) {
  return Idle(std::move(network)).run();
}

}  // namespace bpusim
