// Gather, on the CPU.
#include <stdexcept>

#include "kernels/tensor_math.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.size() != 2) throw std::invalid_argument("Gather: needs data and indices");
  return {gather(*inputs[0], *inputs[1], node.attributes.get("axis", std::int64_t{0}))};
}

std::vector<Shape> shapes(const Operation& operation) {
  const Shape &x = operation.shape(0), &indices = operation.shape(1);
  const std::size_t axis = axis_of(operation.node, "axis", 0, x.size());
  Shape shape(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), x.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.end());
  return {shape};
}

}  // namespace

std::vector<OperatorDefinition> operators::gathers() {
  OperatorDefinition row;
  row.op = "Gather";
  row.golden = golden;
  row.shapes = shapes;
  row.host_ops = ops_per_element;
  return {row};
}

}  // namespace bpusim
