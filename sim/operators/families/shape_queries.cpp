// Shape and Size: values that follow from shapes alone.
#include <algorithm>

#include "sim/operators/families.h"

namespace bpusim {

namespace {

// Shape, with the start and end of opset 15.
Tensor shape_of(const Node& node, const Shape& whole) {
  const auto rank = static_cast<std::int64_t>(whole.size());
  const auto bound = [&](const char* name, std::int64_t fallback) {
    const std::int64_t at = node.attributes.get(name, fallback);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  const Shape shape(whole.begin() + start, whole.begin() + end);
  return Tensor({static_cast<std::int64_t>(shape.size())}, std::vector<double>(shape.begin(), shape.end()));
}

Tensor value_of(const Node& node, const Shape& shape) {
  return node.op == "Size" ? Tensor({}, {static_cast<double>(element_count(shape))}) : shape_of(node, shape);
}

}  // namespace

std::vector<OperatorDefinition> operators::shape_queries() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Shape", "Size"}) {
    OperatorDefinition row;
    row.op = op;
    row.engine = "none";
    row.arithmetic = "follows from shapes, folded";
    row.golden = [](const Node& node, const Inputs& inputs) {
      return std::vector<Tensor>{value_of(node, inputs.at(0)->shape)};
    };
    row.type = [](const Operation&, std::size_t) { return DType::Int64; };
    row.from_shapes = [](const Operation& operation) { return value_of(operation.node, operation.shape()); };
    row.shapes = [](const Operation& operation) {
      return std::vector<Shape>{value_of(operation.node, operation.shape()).shape};
    };
    row.host_ops = ops_per_element;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
