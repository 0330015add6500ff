#include <algorithm>
#include <map>
#include <stdexcept>

#include "kernels/quantise/value_rows.h"
#include "sim/operators/families.h"
#include "sim/operators/operator.h"

namespace bpusim {

const std::vector<OperatorDefinition>& operator_registry() {
  static const std::vector<OperatorDefinition> registry = [] {
    std::vector<OperatorDefinition> rows;
    using namespace operators;
    for (const auto& family : {norms(), convolutions(), products(), elementwise(), tables(), pools(),
                               reductions(), softmaxes(), views(), pieces(), selections(), resizes(),
                               local_norms(), elements(), randoms(), texts(), shape_queries()})
      rows.insert(rows.end(), family.begin(), family.end());
    return rows;
  }();
  return registry;
}

const OperatorDefinition* find_operator(const std::string& op) {
  static const std::map<std::string, const OperatorDefinition*> by_name = [] {
    std::map<std::string, const OperatorDefinition*> names;
    for (const OperatorDefinition& row : operator_registry()) names[row.op] = &row;
    return names;
  }();
  const auto found = by_name.find(op);
  return found == by_name.end() ? nullptr : found->second;
}

std::vector<Tensor> evaluate(const Node& node, const Inputs& inputs) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || row->golden == nullptr)
    throw std::invalid_argument("operator " + node.op + " has no definition here");
  for (const Tensor* x : inputs)
    if (value_range(x->values.data(), x->size()).any_nan)
      throw std::invalid_argument(node.op + ": an input holds NaN, which no integer can stand for");
  return row->golden(node, inputs);
}

std::vector<std::string> operands_of(const Node& node, const Network& network) {
  const OperatorDefinition* row = find_operator(node.op);
  const Operands kind = row == nullptr ? Operands::Varying : row->operands;
  std::vector<std::string> tensors;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const std::string& name = node.inputs[i];
    if (name.empty()) continue;
    const Value& value = network.values.at(name);
    if (value.dtype == DType::String) continue;
    const bool scalar = value.constant && element_count(value.shape) == 1;
    if (!value.constant || (kind == Operands::First && i == 0) || (kind == Operands::Several && !scalar))
      tensors.push_back(name);
  }
  return tensors;
}

std::string obstacle_of(const Node& node, const Network& network) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || (row->lower == nullptr && !row->alias)) return node.op + " has no BPU lowering";
  if (row->obstacle == nullptr) return "";
  try {
    return row->obstacle(operation_of(node, network));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

double ops_per_element(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  std::int64_t most = operation.shapes.empty() ? 0 : element_count(operation.shapes[0]), made = 0;
  for (const Shape& shape : outputs) made += element_count(shape);
  return static_cast<double>(std::max(most, made));
}

std::vector<Shape> same_shape(const Operation& operation) {
  return {operation.shape()};
}

}  // namespace bpusim
