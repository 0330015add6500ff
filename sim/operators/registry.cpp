#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <map>
#include <stdexcept>

#include "kernels/norms/norm.h"
#include "kernels/not_run.h"
#include "kernels/quantise/value_rows.h"
#include "sim/network/own_name.h"
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
    const auto families = {convolutions,  pixels,
                           products,      elementwise,
                           tables,        pools,
                           reductions,    softmaxes,
                           views,         split_concat,
                           selections,    resizes,
                           local_norms,   shape_arithmetic,
                           randoms,       strings,
                           shape_queries, recurrents,
                           rankings,      scatters,
                           findings,      sweeps,
                           bits,          matrices,
                           samplings,     linear_quantisation,
                           quantises};
    for (const auto family : families)
      for (const OperatorDefinition& row : family()) add(row);
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

namespace {

const OperatorDefinition& defined(const Node& node) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || row->golden == nullptr)
    throw std::invalid_argument("operator " + node.op + " has no definition here");
  return *row;
}

void refuse_nan_inputs(const Node& node, const Inputs& inputs) {
  for (const Tensor* x : inputs)
    if (value_range(x->values.data(), x->size()).any_nan)
      throw std::invalid_argument(node.op + ": an input holds NaN, which no integer can stand for");
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

// Makes results numbers of their values' types.
void settle(const Node& node, const Network& network, std::vector<Tensor>& outputs) {
  for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
    const auto value = network.values.find(node.outputs[i]);
    if (value != network.values.end() && is_exact(value->second.dtype))
      make_exact(outputs[i].values, value->second.dtype);
  }
}

}  // namespace

std::string ranges_of(const Inputs& inputs) {
  std::string text;
  std::size_t count = 0;
  for (const Tensor* x : inputs) {
    if (x->values.empty()) continue;
    const auto [low, high] = std::minmax_element(x->values.begin(), x->values.end());
    text += (count++ == 0 ? " from " : " and from ") + number(*low) + " to " + number(*high);
  }
  return count == 0 ? "" : (count == 1 ? ", where its input goes" : ", where its inputs go") + text;
}

std::vector<Tensor> evaluate(const Node& node, const Inputs& inputs) {
  const OperatorDefinition& row = defined(node);
  refuse_nan_inputs(node, inputs);
  return row.golden(node, inputs);
}

std::vector<Tensor> evaluate(const Node& node, const Inputs& inputs, const Network& network) {
  std::vector<Tensor> outputs = evaluate(node, inputs);
  for (const Tensor& y : outputs)
    if (value_range(y.values.data(), y.size()).any_nan)
      throw std::invalid_argument(node.op + ": its result holds NaN, which no integer can stand for" +
                                  ranges_of(inputs));
  try {
    settle(node, network, outputs);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(node.op + ": " + error.what() + ranges_of(inputs));
  }
  return outputs;
}

std::vector<Tensor> evaluate_on_codes(const Node& node, const Inputs& inputs, const Network& network) {
  const OperatorDefinition& row = defined(node);
  refuse_nan_inputs(node, inputs);
  std::vector<Tensor> outputs = (row.on_codes != nullptr ? row.on_codes : row.golden)(node, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const bool exact = i < node.outputs.size() && !node.outputs[i].empty() &&
                       is_exact(network.values.at(node.outputs[i]).dtype);
    for (double& v : outputs[i].values)
      if (std::isnan(v) || (exact && std::isinf(v))) v = 0;
  }
  settle(node, network, outputs);
  return outputs;
}

DType type_of(const Operation& operation, std::size_t output) {
  const OperatorDefinition* row = find_operator(operation.node.op);
  if (row != nullptr && row->type != nullptr) return row->type(operation, output);
  return operation.dtypes.empty() ? DType::Float32 : operation.dtypes.front();
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
    if (!value.constant || kind == Operands::All || (kind == Operands::First && i == 0) ||
        (kind == Operands::Several && !scalar))
      tensors.push_back(name);
  }
  return tensors;
}

namespace {

// What the BPU would have to round: its tensors are int8 and int16 on grids. The same bytes under another
// shape are nothing that runs.
std::string exactness_obstacle(const Node& node, const OperatorDefinition& row, const Network& network) {
  std::vector<std::string> tensors = operands_of(node, network);
  const bool alias = row.alias && tensors.size() == 1 && !node.outputs.empty() &&
                     network.values.at(tensors[0]).dtype == network.values.at(node.outputs[0]).dtype;
  if (alias) return "";
  tensors.insert(tensors.end(), node.outputs.begin(), node.outputs.end());
  for (const std::string& name : tensors) {
    const DType dtype = name.empty() ? DType::Float32 : network.values.at(name).dtype;
    if (is_exact(dtype))
      return "a " + node.op + " of " + to_string(dtype) +
             ", of which every number counts, has no BPU lowering";
  }
  return "";
}

}  // namespace

std::string obstacle_of(const Node& node, const Network& network) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || (row->lower == nullptr && !row->alias)) return node.op + " has no BPU lowering";
  std::string exactness = exactness_obstacle(node, *row, network);
  if (!exactness.empty() || row->obstacle == nullptr) return exactness;
  try {
    return row->obstacle(operation_of(node, network));
  } catch (const std::invalid_argument& error) {
    return in_own_name(node.op, error.what());
  }
}

double ops_per_element(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  std::int64_t most = operation.shapes.empty() ? 0 : element_count(operation.shapes[0]), made = 0;
  for (const Shape& shape : outputs) made += element_count(shape);
  return static_cast<double>(std::max(most, made));
}

std::vector<Shape> shapes_of_results(const Operation& operation) {
  const Node& node = operation.node;
  Inputs inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!operation.known(i))
      throw NotRun(node.op + ": how many elements it gives depends on the numbers of '" + node.inputs[i] +
                   "', which the run computes: cut the model in front of it "
                   "(onnx.utils.extract_model), or export it so that they are constant");
    inputs.push_back(&operation.value(i));
  }
  std::vector<Shape> shapes;
  for (const Tensor& output : evaluate(node, inputs)) shapes.push_back(output.shape);
  return shapes;
}

std::vector<Shape> same_shape(const Operation& operation) {
  return {operation.shape()};
}

}  // namespace bpusim
