#include "sim/plan/simplify.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sim/input_error.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

bool is_integer(DType dtype) {
  return dtype == DType::Int32 || dtype == DType::Int64;
}

DType cast_type(const Node& node) {
  switch (node.attributes.get("to", std::int64_t{1})) {
    case 6:
      return DType::Int32;
    case 7:
      return DType::Int64;
    case 9:
      return DType::Bool;
    default:
      return DType::Float32;
  }
}

class Inference {
 public:
  Inference(const Network& network, bool fold) : network_(network), fold_(fold) {}

  Network run() {
    std::vector<Node> kept;
    for (const Node& node : network_.nodes) {
      try {
        if (!step(node)) kept.push_back(node);
      } catch (const std::invalid_argument& error) {
        throw InputError(node.name + ": " + error.what());
      }
    }
    network_.nodes = std::move(kept);
    return std::move(network_);
  }

 private:
  // Whether the node became constants.
  bool step(const Node& node) {
    const OperatorDefinition* row = find_operator(node.op);
    const bool readable = std::none_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& name) {
      return network_.unknown.count(name) != 0;
    });
    if (row == nullptr || !readable) {
      network_.unknown.insert(node.outputs.begin(), node.outputs.end());
      return false;
    }
    const Operation operation = operation_of(node, network_);
    const DType dtype = type_of(node);
    if (fold_ && becomes_constant(*row, operation)) {
      set_constants(node, *row, operation, dtype);
      return true;
    }
    const auto shapes = row->shapes(operation);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      if (i >= shapes.size())
        throw std::invalid_argument(node.op + ": output " + std::to_string(i + 1) + " is not supported");
      Value& value = network_.values[node.outputs[i]];
      value.shape = shapes[i];
      value.dtype = dtype;
    }
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

  void set_constants(const Node& node, const OperatorDefinition& row, const Operation& operation,
                     DType dtype) {
    std::vector<Tensor> outputs;
    if (row.from_shapes != nullptr) {
      outputs.push_back(row.from_shapes(operation));
    } else {
      Inputs inputs;
      for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(&operation.value(i));
      outputs = evaluate(node, inputs);
      if (node.op == "Div" && is_integer(dtype))
        for (double& v : outputs.at(0).values) v = std::trunc(v);
    }
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      Value& value = network_.values[node.outputs[i]];
      value.constant = true;
      value.dtype = dtype;
      value.hold(std::move(outputs[i]));
    }
  }

  // Integers stay integers where nothing makes them real.
  DType type_of(const Node& node) const {
    if (node.op == "Shape" || node.op == "Size") return DType::Int64;
    if (node.op == "Cast") return cast_type(node);
    if (node.op == "ConstantOfShape")
      return node.attributes.ints.count("value") != 0 ? DType::Int64 : DType::Float32;
    DType dtype = DType::Float32;
    for (const std::string& name : node.inputs) {
      if (name.empty()) continue;
      const DType input = network_.values.at(name).dtype;
      if (input == DType::String) return input;
      if (name == node.inputs.front()) dtype = input;
      if (!is_integer(input)) return name == node.inputs.front() ? input : DType::Float32;
    }
    return dtype;
  }

  Network network_;
  const bool fold_;
};

}  // namespace

Network inferred(const Network& network) {
  return Inference(network, false).run();
}

Network folded(const Network& network) {
  return Inference(network, true).run();
}

}  // namespace bpusim
