#include "sim/plan/simplify.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "kernels/not_run.h"
#include "sim/config/memory_budget.h"
#include "sim/input_error.h"
#include "sim/network/known_attributes.h"
#include "sim/network/own_name.h"
#include "sim/operators/operator.h"
#include "sim/plan/given_weights.h"

namespace bpusim {

namespace {

// Whole numbers of attributes beyond this mean nothing, and their products leave 64 bits. Where a Slice ends
// may be as far as one likes.
constexpr std::int64_t kLargestAttribute = INT32_MAX;

void refuse_extremes(const Node& node) {
  const auto known = known_attributes(node.op);
  if (!known) return;
  for (const KnownAttribute& attribute : *known) {
    const std::string& name = attribute.name;
    if (name == "starts" || name == "ends" || name == "start" || name == "end") continue;
    std::vector<std::int64_t> values = node.attributes.get(name, std::vector<std::int64_t>{});
    if (attribute.kind == AttributeKind::Int) values.push_back(node.attributes.get(name, std::int64_t{0}));
    for (const std::int64_t v : values)
      if (v > kLargestAttribute || v < -kLargestAttribute)
        throw std::invalid_argument(node.op + ": " + name + " holds " + std::to_string(v));
  }
}

class Inference {
 public:
  Inference(const Network& network, bool fold)
      : network_(network), fold_(fold), budget_(network.memory_limit) {
    for (const auto& [name, value] : network.values)
      if (value.data) budget_.charge(bytes_of(value.shape), place("value '" + name + "'"));
    read_.insert(network.outputs.begin(), network.outputs.end());
    for (const Node& node : network.nodes) read_.insert(node.inputs.begin(), node.inputs.end());
  }

  Network run() {
    std::vector<Node> kept;
    for (Node& node : network_.nodes) {
      try {
        if (!step(node)) kept.push_back(std::move(node));
      } catch (const NotRun& error) {
        network_.not_run[node.name] = in_own_name(node.op, error.what());
        network_.unknown.insert(node.outputs.begin(), node.outputs.end());
        kept.push_back(std::move(node));
      } catch (const std::invalid_argument& error) {
        throw InputError(place(node.name + ": " + in_own_name(node.op, error.what())));
      }
    }
    network_.nodes = std::move(kept);
    return std::move(network_);
  }

 private:
  static double bytes_of(const Shape& shape) {
    return sizeof(double) * static_cast<double>(element_count(shape));
  }

  std::string place(const std::string& what) const {
    return network_.file.empty() ? what : network_.file + ": " + what;
  }

  void require_elements(const Node& node, const char* what, const std::string& name) const {
    const Shape& shape = network_.shape_of(name);
    if (element_count(shape) == 0)
      throw PlacementError(place(node.op + " '" + node.name + "': " + what + " '" + name + "' of shape " +
                                 to_string(shape) +
                                 " has no elements; tensors without elements are valid, and not run"));
  }

  // Nothing behind this point knows what to do with a tensor that has no elements: no grid, no tile, no time.
  void refuse_empty(const Node& node, const Operation& operation) const {
    for (const std::string& name : operation.tensors) require_elements(node, "input", name);
    for (const std::string& name : node.outputs)
      if (!name.empty() && network_.values.at(name).dtype != DType::String)
        require_elements(node, "output", name);
  }

  // Lists may be empty, as shape arithmetic has them; arithmetic on tensors counts on elements.
  void refuse_empty_constants(const Node& node, const OperatorDefinition& row,
                              const Operation& operation) const {
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (row.from_shapes == nullptr && operation.shapes[i].size() > 1)
        require_elements(node, "input", node.inputs[i]);
  }

  // Outputs that have no arithmetic here stand in nobody's way where nobody reads them.
  void leave_out(Node& node, std::size_t defined) {
    while (node.outputs.size() > defined) {
      const std::string& last = node.outputs.back();
      if (read_.count(last) != 0)
        throw NotRun(node.op + ": output " + std::to_string(node.outputs.size()) +
                     " has no definition in bpusim");
      network_.values.erase(last);
      node.outputs.pop_back();
    }
  }

  // Whether the node became constants.
  bool step(Node& node) {
    const OperatorDefinition* row = find_operator(node.op);
    const bool readable = std::none_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& name) {
      return network_.unknown.count(name) != 0;
    });
    if (row == nullptr || !readable) {
      network_.unknown.insert(node.outputs.begin(), node.outputs.end());
      return false;
    }
    refuse_extremes(node);
    const Operation operation = operation_of(node, network_);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (!node.outputs[i].empty()) network_.values[node.outputs[i]].dtype = type_of(operation, i);
    if (fold_ && becomes_constant(*row, operation)) {
      refuse_empty_constants(node, *row, operation);
      set_constants(node, *row, operation);
      return true;
    }
    const auto shapes = row->shapes(operation);
    leave_out(node, shapes.size());
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (!node.outputs[i].empty()) network_.values[node.outputs[i]].shape = shapes[i];
    refuse_empty(node, operation);
    return false;
  }

  static bool known(const Operation& operation) {
    bool all = !operation.node.inputs.empty();
    for (std::size_t i = 0; i < operation.node.inputs.size(); ++i) all = all && operation.known(i);
    return all;
  }
  static bool becomes_constant(const OperatorDefinition& row, const Operation& operation) {
    return row.from_shapes != nullptr || (!row.draws && row.golden != nullptr && known(operation));
  }

  void set_constants(const Node& node, const OperatorDefinition& row, const Operation& operation) {
    for (const Shape& shape : row.shapes(operation))
      budget_.charge(bytes_of(shape),
                     place(node.op + " '" + node.name + "': a constant of shape " + to_string(shape)));
    if (fold_dequantised(operation, network_)) return;
    std::vector<Tensor> outputs;
    if (row.from_shapes != nullptr) {
      outputs.push_back(row.from_shapes(operation));
    } else {
      Inputs inputs;
      for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(&operation.value(i));
      outputs = evaluate(node, inputs, network_);
    }
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      Value& value = network_.values[node.outputs[i]];
      value.constant = true;
      value.hold(std::move(outputs[i]));
    }
    hand_codes_on(operation, row, network_);
  }

  Network network_;
  const bool fold_;
  MemoryBudget budget_;
  std::set<std::string> read_;  // by nodes, or from outside
};

}  // namespace

Network inferred(const Network& network) {
  return Inference(network, false).run();
}

Network folded(const Network& network) {
  return Inference(network, true).run();
}

}  // namespace bpusim
