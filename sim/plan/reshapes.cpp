#include "sim/plan/reshapes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/free_names.h"
#include "sim/operators/families/tables.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

bool is_product(const std::string& op) {
  return op == "Gemm" || op == "MatMul";
}
bool has_weights(const std::string& op) {
  return op == "Conv" || op == "ConvTranspose" || is_product(op);
}

// The axis that weights are made for.
std::optional<std::size_t> channel_axis(const std::string& op, const Shape& shape) {
  if (shape.size() < 2) return std::nullopt;
  return is_product(op) ? shape.size() - 1 : 1;
}

std::int64_t elements_behind(const Shape& shape, std::size_t axis) {
  std::int64_t count = 1;
  for (std::size_t d = axis + 1; d < shape.size(); ++d) count *= shape[d];
  return count;
}

// The same bytes: no Cast to integers, which cuts numbers off.
bool only_reshapes(const Node& node) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || !row->alias) return false;
  const std::int64_t to = node.attributes.get("to", std::int64_t{1});
  return node.op != "Cast" || to == 1 || to == 10 || to == 11 || to == 16;
}

bool is_arithmetic(const Node& node) {
  return node.inputs.size() == 2 &&
         (node.op == "Add" || node.op == "Sub" || node.op == "Mul" || node.op == "Div");
}

class Mover {
 public:
  explicit Mover(Network network) : network_(std::move(network)), names_(network_) {
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      for (const std::string& input : network_.nodes[n].inputs) ++readers_[input];
      for (const std::string& output : network_.nodes[n].outputs) makers_[output] = n;
    }
    for (const std::string& output : network_.outputs) ++readers_[output];
  }

  Network run() {
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      const Node& node = network_.nodes[n];
      if (has_weights(node.op))
        weights_[node.outputs.at(0)] = node.op;
      else if (!node.outputs.empty() && readable(node))
        visit(n);
    }
    return std::move(network_);
  }

 private:
  bool readable(const Node& node) const {
    return std::none_of(node.inputs.begin(), node.inputs.end(),
                        [&](const std::string& name) { return network_.unknown.count(name) != 0; });
  }
  bool read_once(const std::string& value) const {
    const auto found = readers_.find(value);
    return found != readers_.end() && found->second == 1;
  }

  // Reshapes on the way back from `value` to what a step with weights makes, the last one first.
  std::vector<std::size_t> reshapes_before(std::string value) const {
    std::vector<std::size_t> found;
    while (read_once(value)) {
      if (weights_.count(value) != 0) return found;
      const auto maker = makers_.find(value);
      if (maker == makers_.end()) return {};
      const Node& node = network_.nodes[maker->second];
      if (!only_reshapes(node)) return {};
      found.push_back(maker->second);
      value = node.inputs[0];
    }
    return {};
  }

  // The input that is a tensor, of a node that may fold or run behind the sums.
  std::optional<std::size_t> data_of(const Node& node) const {
    const auto tensors = operands_of(node, network_);
    if (tensors.size() != 1 && !(tensors.size() == 2 && node.inputs.size() == 2)) return std::nullopt;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (!node.inputs[i].empty() && !network_.values.at(node.inputs[i]).constant) return i;
    return std::nullopt;
  }

  // What takes the place of a constant beside the tensor before its Reshapes; nothing where none can.
  std::optional<Shape> constant_shape(const std::string& op, const Shape& constant, const Shape& behind,
                                      const Shape& before) const {
    if (element_count(constant) == 1) return Shape{};
    const auto to = channel_axis(op, before);
    // By channel, counted from the end as broadcasting does.
    for (std::size_t d = 0; to && d < constant.size() && constant.size() <= behind.size(); ++d) {
      if (constant[d] == 1) continue;
      const std::size_t axis = behind.size() - constant.size() + d;
      if (constant[d] != element_count(constant) || constant[d] != before[*to] ||
          elements_behind(behind, axis) != elements_behind(before, *to))
        return std::nullopt;
      Shape shape(before.size() - *to, 1);
      shape[0] = constant[d];
      return shape;
    }
    return std::nullopt;
  }

  // Inputs of the node before the Reshapes; nothing where it can't stand there. A constant that changes its
  // shape gets a name of its own.
  std::optional<std::map<std::size_t, Shape>> changed_constants(const Node& node, std::size_t data,
                                                                const std::string& op, const Shape& behind,
                                                                const Shape& before) const {
    std::map<std::size_t, Shape> changed;
    if (network_.shape_of(node.outputs[0]) != behind) return std::nullopt;
    if (node.op == "BatchNormalization") {
      const bool fits = node.attributes.get("training_mode", std::int64_t{0}) == 0 &&
                        node.outputs.size() == 1 && data == 0 && behind.size() > 1 && before.size() > 1 &&
                        before[0] == behind[0] && before[1] == behind[1];
      return fits ? std::optional(changed) : std::nullopt;
    }
    if (!is_arithmetic(node))
      return is_function(operation_of(node, network_)) ? std::optional(changed) : std::nullopt;
    const std::string& constant = node.inputs[1 - data];
    if (!network_.values.at(constant).constant) return std::nullopt;
    const auto shape = constant_shape(op, network_.shape_of(constant), behind, before);
    if (!shape) return std::nullopt;
    changed[1 - data] = *shape;
    return changed;
  }

  void visit(std::size_t n) {
    const auto data = data_of(network_.nodes[n]);
    if (!data) return;
    const std::string value = network_.nodes[n].inputs[*data];
    if (weights_.count(value) != 0 && read_once(value)) {
      follow(n, weights_.at(value));
      return;
    }
    const std::vector<std::size_t> reshapes = reshapes_before(value);
    if (reshapes.empty()) return;
    const std::string root = network_.nodes[reshapes.back()].inputs[0], op = weights_.at(root);
    const auto constants =
        changed_constants(network_.nodes[n], *data, op, network_.shape_of(value), network_.shape_of(root));
    if (constants) move(n, *data, reshapes, root, *constants);
  }

  // What runs behind weights without a Reshape between may have one behind it.
  void follow(std::size_t n, const std::string& op) {
    const Node& node = network_.nodes[n];
    if (node.op == "BatchNormalization" || is_arithmetic(node) || is_function(operation_of(node, network_)))
      weights_[node.outputs[0]] = op;
  }

  // The node comes to stand where the first Reshape is, and they follow it.
  void move(std::size_t n, std::size_t data, const std::vector<std::size_t>& reshapes,
            const std::string& root, const std::map<std::size_t, Shape>& constants) {
    Node node = std::move(network_.nodes[n]);
    for (const auto& [input, shape] : constants) node.inputs[input] = reshaped(node, input, shape);
    const std::string result = node.outputs[0], early = names_.take(node.name + ".before_reshape");
    network_.values[early] = network_.values.at(result);
    network_.values[early].shape = network_.shape_of(root);
    node.inputs[data] = root;
    node.outputs[0] = early;
    readers_[early] = 1;
    weights_[early] = weights_.at(root);
    Node& first = network_.nodes[reshapes.back()];
    first.inputs[0] = early;
    const std::string gone = network_.nodes[reshapes.front()].outputs[0];
    network_.nodes[reshapes.front()].outputs[0] = result;
    network_.values.erase(gone);
    // Everything from the first Reshape up to the node moves on by one place.
    for (std::size_t at = n; at > reshapes.back(); --at)
      network_.nodes[at] = std::move(network_.nodes[at - 1]);
    network_.nodes[reshapes.back()] = std::move(node);
    for (std::size_t at = reshapes.back(); at <= n; ++at)
      for (const std::string& output : network_.nodes[at].outputs) makers_[output] = at;
  }

  std::string reshaped(const Node& node, std::size_t input, const Shape& shape) {
    const Value& given = network_.values.at(node.inputs[input]);
    if (given.shape == shape) return node.inputs[input];
    Value value = given;
    if (const auto numbers = given.numbers()) {
      Tensor tensor = *numbers;
      tensor.shape = shape;
      value.hold(std::move(tensor));
    }
    value.shape = shape;
    std::string name = names_.take(node.name + ".constant");
    network_.values[name] = std::move(value);
    return name;
  }

  Network network_;
  FreeNames names_;
  std::map<std::string, int> readers_;  // of each value, with the network's outputs
  std::map<std::string, std::size_t> makers_;
  std::map<std::string, std::string> weights_;  // values that a step with weights may make, and its operator
};

}  // namespace

Network functions_before_reshapes(Network network) {
  return Mover(std::move(network)).run();
}

}  // namespace bpusim
