// Operators that choose, repeat or make elements: shape arithmetic, mostly, which is folded; what is left of
// them runs on the CPU.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/tensor/indexing.h"
#include "kernels/tensor/tensor_math.h"
#include "sim/network/element_type.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

const Tensor& input(const Node& node, const Inputs& inputs, std::size_t i) {
  if (i >= inputs.size())
    throw std::invalid_argument(node.op + ": needs an input " + std::to_string(i + 1) + ", and has " +
                                std::to_string(inputs.size()));
  return *inputs[i];
}

double scalar(const Node& node, const Tensor& tensor) {
  if (tensor.size() != 1) throw std::invalid_argument(node.op + ": expected one number");
  return tensor.values[0];
}

std::int64_t axis(const Node& node, std::int64_t fallback) {
  return node.attributes.get("axis", fallback);
}

// A row whose shapes are those of `golden`, which takes the constants that they depend on.
OperatorDefinition row(const char* op, std::vector<Tensor> (*golden)(const Node&, const Inputs&),
                       std::vector<Shape> (*shapes)(const Operation&)) {
  OperatorDefinition definition;
  definition.op = op;
  definition.golden = golden;
  definition.shapes = shapes;
  definition.host_ops = ops_per_element;
  return definition;
}

Shape broadcast_of_all(const Operation& operation) {
  Shape shape = operation.shape(0);
  for (std::size_t i = 1; i < operation.shapes.size(); ++i)
    shape = broadcast_shape(shape, operation.shape(i));
  return shape;
}

std::vector<Tensor> where_golden(const Node& node, const Inputs& inputs) {
  return one(where(input(node, inputs, 0), input(node, inputs, 1), input(node, inputs, 2)));
}

std::vector<Tensor> range_golden(const Node& node, const Inputs& inputs) {
  return one(range(scalar(node, input(node, inputs, 0)), scalar(node, input(node, inputs, 1)),
                   scalar(node, input(node, inputs, 2))));
}

std::vector<Shape> range_shapes(const Operation& operation) {
  const Node& node = operation.node;
  const double start = scalar(node, operation.value(0)), limit = scalar(node, operation.value(1)),
               step = scalar(node, operation.value(2));
  return {{range_count(start, limit, step)}};
}

Shape repeats_of(const Tensor& repeats) {
  Shape counts;
  for (const double v : repeats.values) counts.push_back(to_integer(v));
  return counts;
}

std::vector<Tensor> tile_golden(const Node& node, const Inputs& inputs) {
  return one(tile(input(node, inputs, 0), repeats_of(input(node, inputs, 1))));
}

std::vector<Shape> tile_shapes(const Operation& operation) {
  Shape shape = operation.shape(0);
  const Shape repeats = repeats_of(operation.value(1));
  if (repeats.size() != shape.size())
    throw std::invalid_argument("Tile: " + std::to_string(repeats.size()) + " repeats for rank " +
                                std::to_string(shape.size()));
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (repeats[d] < 0 || __builtin_mul_overflow(shape[d], repeats[d], &shape[d]))
      throw std::invalid_argument("Tile: " + std::to_string(repeats[d]) + " repeats");
  return {shape};
}

bool tile_keeps(const Operation& operation) {
  const Tensor& repeats = operation.value(1);
  return std::all_of(repeats.values.begin(), repeats.values.end(), [](double times) { return times == 1; });
}

std::vector<Tensor> trilu_golden(const Node& node, const Inputs& inputs) {
  const bool upper = node.attributes.get("upper", std::int64_t{1}) != 0;
  const bool given = inputs.size() > 1 && inputs[1]->size() == 1;
  return one(
      triangle(input(node, inputs, 0), upper, given ? static_cast<std::int64_t>(inputs[1]->values[0]) : 0));
}

std::vector<Tensor> gather_nd_golden(const Node& node, const Inputs& inputs) {
  return one(gather_nd(input(node, inputs, 0), input(node, inputs, 1),
                       node.attributes.get("batch_dims", std::int64_t{0})));
}

std::vector<Shape> gather_nd_shapes(const Operation& operation) {
  const Shape &x = operation.shape(0), &indices = operation.shape(1);
  const std::int64_t last =
      operation.node.attributes.get("batch_dims", std::int64_t{0}) + (indices.empty() ? 0 : indices.back());
  if (indices.empty() || last < 1 || last > static_cast<std::int64_t>(x.size()))
    throw std::invalid_argument("GatherND: indices of shape " + to_string(indices) + " do not fit " +
                                to_string(x));
  Shape shape(indices.begin(), indices.end() - 1);
  shape.insert(shape.end(), x.begin() + last, x.end());
  return {shape};
}

std::vector<Tensor> gather_elements_golden(const Node& node, const Inputs& inputs) {
  return one(gather_elements(input(node, inputs, 0), input(node, inputs, 1), axis(node, 0)));
}

std::vector<Shape> gather_elements_shapes(const Operation& operation) {
  return {operation.shape(1)};
}

std::vector<Tensor> one_hot_golden(const Node& node, const Inputs& inputs) {
  const Tensor& values = input(node, inputs, 2);
  if (values.size() != 2) throw std::invalid_argument("OneHot: needs an off and an on value");
  return one(one_hot(input(node, inputs, 0), static_cast<std::int64_t>(scalar(node, input(node, inputs, 1))),
                     values.values[0], values.values[1], axis(node, -1)));
}

std::vector<Shape> one_hot_shapes(const Operation& operation) {
  Shape shape = operation.shape(0);
  const std::size_t at = axis_of(operation.node, "axis", -1, shape.size() + 1);
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(at),
               static_cast<std::int64_t>(scalar(operation.node, operation.value(1))));
  return {shape};
}

std::vector<Tensor> constant_of_shape_golden(const Node& node, const Inputs& inputs) {
  return one(Tensor::filled(repeats_of(input(node, inputs, 0)), node.attributes.get("value", 0.0)));
}

std::vector<Shape> constant_of_shape_shapes(const Operation& operation) {
  return {repeats_of(operation.value(0))};
}

DType constant_of_shape_type(const Operation& operation, std::size_t) {
  return element_type(operation.node.attributes.get("dtype", std::int64_t{1}));
}

// The type of one of the inputs.
template <std::size_t kInput>
DType type_of_input(const Operation& operation, std::size_t) {
  return operation.dtype(kInput);
}

}  // namespace

std::vector<OperatorDefinition> operators::shape_arithmetic() {
  const auto all = [](const Operation& operation) { return std::vector<Shape>{broadcast_of_all(operation)}; };
  std::vector<OperatorDefinition> rows = {
      row("Where", where_golden, all),
      row("Range", range_golden, range_shapes),
      row("Tile", tile_golden, tile_shapes),
      row("Trilu", trilu_golden, same_shape),
      row("GatherND", gather_nd_golden, gather_nd_shapes),
      row("GatherElements", gather_elements_golden, gather_elements_shapes),
      row("OneHot", one_hot_golden, one_hot_shapes),
      row("ConstantOfShape", constant_of_shape_golden, constant_of_shape_shapes)};
  for (OperatorDefinition& each : rows) {
    if (each.op == "Where") {
      each.operands = Operands::Several;
      each.type = type_of_input<1>;
    }
    if (each.op == "OneHot") each.type = type_of_input<2>;
    if (each.op == "ConstantOfShape") each.type = constant_of_shape_type;
    if (each.op == "Tile") each.same_elements = tile_keeps;
    each.by_values = each.op == "Range" || each.op == "ConstantOfShape";
  }
  return rows;
}

}  // namespace bpusim
