// Pad, on the CPU.
#include <stdexcept>

#include "kernels/tensor_math.h"
#include "kernels/tensor_shapes.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

void check_mode(const Node& node) {
  if (node.attributes.get("mode", std::string("constant")) != "constant")
    throw std::invalid_argument("Pad: only constant padding is supported");
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  check_mode(node);
  auto pads = node.attributes.get("pads", std::vector<std::int64_t>{});
  if (pads.empty() && inputs.size() > 1)
    for (const double v : inputs[1]->values) pads.push_back(static_cast<std::int64_t>(v));
  const bool given = inputs.size() > 2 && !inputs[2]->values.empty();
  return {pad(*inputs.at(0), pads, given ? inputs[2]->values[0] : node.attributes.get("value", 0.0))};
}

std::vector<Shape> shapes(const Operation& operation) {
  check_mode(operation.node);
  return {padded_shape(operation.shape(), operation.integers("pads", 1))};
}

}  // namespace

std::vector<OperatorDefinition> operators::paddings() {
  OperatorDefinition row;
  row.op = "Pad";
  row.golden = golden;
  row.shapes = shapes;
  row.host_ops = ops_per_element;
  return {row};
}

}  // namespace bpusim
