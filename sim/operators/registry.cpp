#include <algorithm>
#include <deque>
#include <map>
#include <stdexcept>

#include "kernels/norms/norm.h"
#include "kernels/quantise/value_rows.h"
#include "sim/operators/families.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

// A deque, so that rows stay where they are when norms are registered later.
class Registry {
 public:
  Registry() {
    add_norms();
    using namespace operators;
    for (auto& family :
         {convolutions(), products(), elementwise(), tables(), pools(), reductions(), softmaxes(), views(),
          pieces(), selections(), resizes(), local_norms(), elements(), randoms(), texts(), shape_queries()})
      for (const OperatorDefinition& row : family) add(row);
  }

  // Those that were registered since the last time.
  void add_norms() {
    for (const auto& norms = norm_registry(); norms_ < norms.size(); ++norms_)
      add(operators::norm(norms[norms_].op));
  }

  void add(const OperatorDefinition& row) {
    if (by_name_.count(row.op) != 0)
      throw std::invalid_argument("operator " + row.op + " has two definitions");
    rows_.push_back(row);
    by_name_[row.op] = &rows_.back();
  }

  const std::deque<OperatorDefinition>& rows() const { return rows_; }
  const std::map<std::string, const OperatorDefinition*>& by_name() const { return by_name_; }

 private:
  std::deque<OperatorDefinition> rows_;
  std::map<std::string, const OperatorDefinition*> by_name_;
  std::size_t norms_ = 0;
};

Registry& registry() {
  static Registry registry;
  registry.add_norms();
  return registry;
}

}  // namespace

void register_operator(const OperatorDefinition& row) {
  registry().add(row);
}

const std::deque<OperatorDefinition>& operator_registry() {
  return registry().rows();
}

const OperatorDefinition* find_operator(const std::string& op) {
  const auto& by_name = registry().by_name();
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
