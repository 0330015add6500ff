// Det, Inverse (of com.microsoft) and EyeLike, on the CPU.
#include <stdexcept>

#include "kernels/tensor/determinant.h"
#include "sim/network/element_type.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

using std::invalid_argument;

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  try {
    return one(node.op == "Det" ? determinant(*inputs.at(0)) : inverse(*inputs.at(0)));
  } catch (const invalid_argument& error) {
    throw invalid_argument(node.op + ": " + error.what());
  }
}

std::vector<Shape> shapes(const Operation& operation) {
  try {
    const Shape outer = matrices_of(operation.shape());
    return {operation.node.op == "Det" ? outer : operation.shape()};
  } catch (const invalid_argument& error) {
    throw invalid_argument(operation.node.op + ": " + error.what());
  }
}

// Elimination: 2/3 n^3 operations a matrix, and three times that with the identity beside it.
double host_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  const auto n = static_cast<double>(operation.shape().back());
  const double count = static_cast<double>(element_count(operation.shape())) / (n * n);
  return count * n * n * n * (operation.node.op == "Det" ? 2.0 / 3 : 2);
}

std::vector<Tensor> golden_eye(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  if (x.shape.size() != 2) throw invalid_argument("EyeLike: needs a matrix, not " + to_string(x.shape));
  const std::int64_t k = node.attributes.get("k", std::int64_t{0});
  Tensor y = Tensor::filled(x.shape, 0);
  for (std::int64_t r = 0; r < x.shape[0]; ++r)
    if (r + k >= 0 && r + k < x.shape[1]) y.values[static_cast<std::size_t>(r * x.shape[1] + r + k)] = 1;
  return one(std::move(y));
}

DType eye_type(const Operation& operation, std::size_t) {
  const std::int64_t said = operation.node.attributes.get("dtype", std::int64_t{0});
  return said == 0 ? operation.dtype() : element_type(said);
}

// Its numbers follow from the shape alone.
Tensor eye_of(const Operation& operation) {
  const Tensor like = Tensor::filled(operation.shape(), 0);
  return golden_eye(operation.node, {&like})[0];
}

}  // namespace

std::vector<OperatorDefinition> operators::matrices() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Det", "Inverse"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = host_ops;
    rows.push_back(std::move(row));
  }
  OperatorDefinition eye;
  eye.op = "EyeLike";
  eye.engine = "none";
  eye.arithmetic = "follows from shapes, folded";
  eye.golden = golden_eye;
  eye.shapes = same_shape;
  eye.type = eye_type;
  eye.from_shapes = eye_of;
  eye.host_ops = ops_per_element;
  rows.push_back(std::move(eye));
  return rows;
}

}  // namespace bpusim
