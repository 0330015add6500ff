#include "sim/operators/operation.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/not_run.h"
#include "sim/operators/operator.h"

namespace bpusim {

const Tensor& absent() {
  static const Tensor nothing({0}, {});
  return nothing;
}

namespace {

void require_given(const Operation& operation, std::size_t input) {
  if (!operation.given(input))
    throw std::invalid_argument(operation.node.op + ": needs an input " + std::to_string(input + 1) +
                                ", and has " + std::to_string(operation.node.inputs.size()));
}

}  // namespace

bool Operation::constant_parameters() const {
  return constant.size() < 2 ||
         std::all_of(constant.begin() + 1, constant.end(), [](char c) { return c != 0; });
}

const Shape& Operation::shape(std::size_t input) const {
  require_given(*this, input);
  return shapes[input];
}

DType Operation::dtype(std::size_t input) const {
  require_given(*this, input);
  return dtypes[input];
}

const Tensor& Operation::value(std::size_t input) const {
  if (!given(input)) return absent();
  if (values[input] == nullptr)
    throw NotRun(node.op + ": input '" + node.inputs[input] +
                 "' must be a constant, and is computed or an input of the network: export the model so that "
                 "it is one");
  if (values[input]->data) return *values[input]->data;
  read.resize(values.size());
  if (!read[input]) read[input] = values[input]->numbers();
  return *read[input];
}

std::vector<Tensor> Operation::constants() const {
  std::vector<Tensor> rest;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) rest.push_back(value(i));
  return rest;
}

std::vector<std::int64_t> Operation::integers(const char* attribute, std::size_t input) const {
  auto numbers = node.attributes.get(attribute, std::vector<std::int64_t>{});
  if (numbers.empty() && given(input))
    for (const double v : value(input).values) numbers.push_back(to_integer(v));
  return numbers;
}

Operation operation_of(const Node& node, const Network& network) {
  Operation operation{node, {}, {}, {}, operands_of(node, network), {}, {}};
  for (const std::string& name : node.inputs) {
    if (name.empty()) {
      operation.shapes.push_back(absent().shape);
      operation.dtypes.push_back(DType::Float32);
      operation.values.push_back(nullptr);
      operation.constant.push_back(1);
      continue;
    }
    const Value& value = network.values.at(name);
    operation.shapes.push_back(value.shape);
    operation.dtypes.push_back(value.dtype);
    operation.values.push_back(value.constant && value.has_numbers() ? &value : nullptr);
    operation.constant.push_back(value.constant ? 1 : 0);
  }
  return operation;
}

std::size_t axis_of(const Node& node, const char* attribute, std::int64_t fallback, std::size_t rank) {
  const std::int64_t axis = node.attributes.get(attribute, fallback), r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    throw std::invalid_argument(node.op + ": " + attribute + " " + std::to_string(axis) +
                                " is out of range for rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

}  // namespace bpusim
