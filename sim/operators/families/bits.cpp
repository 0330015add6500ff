// BitShift and the bitwise operators, on whole numbers; IsNaN and IsInf. On the CPU.
#include "kernels/tensor/bits.h"

#include <cmath>
#include <stdexcept>

#include "kernels/tensor/tensor_math.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

bool shifts_left(const Node& node) {
  const std::string direction = node.attributes.get("direction", std::string());
  if (node.op == "BitShift" && direction != "LEFT" && direction != "RIGHT")
    throw std::invalid_argument("BitShift: direction '" + direction + "' is neither LEFT nor RIGHT");
  return direction != "RIGHT";
}

std::vector<Tensor> golden_pair(const Node& node, const Inputs& inputs) {
  if (inputs.size() != 2) throw std::invalid_argument(node.op + ": needs two operands");
  return one(bitwise(node.op, *inputs[0], *inputs[1], shifts_left(node)));
}

std::vector<Shape> pair_shapes(const Operation& operation) {
  shifts_left(operation.node);
  if (!is_exact(operation.dtype()))
    throw std::invalid_argument(operation.node.op + ": takes whole numbers, and its first input is " +
                                to_string(operation.dtype()));
  return {broadcast_shape(operation.shape(0), operation.shape(1))};
}

// Of two's complement: what is cut off to an unsigned type is its bits turned, too.
std::vector<Tensor> golden_not(const Node&, const Inputs& inputs) {
  return one(bitwise_not(*inputs.at(0)));
}

std::vector<Tensor> golden_is_nan(const Node&, const Inputs& inputs) {
  Tensor y = *inputs.at(0);
  for (double& v : y.values) v = std::isnan(v) ? 1 : 0;
  return one(std::move(y));
}

std::vector<Tensor> golden_is_infinite(const Node& node, const Inputs& inputs) {
  const bool positive = node.attributes.get("detect_positive", std::int64_t{1}) != 0,
             negative = node.attributes.get("detect_negative", std::int64_t{1}) != 0;
  Tensor y = *inputs.at(0);
  for (double& v : y.values) v = std::isinf(v) && (v > 0 ? positive : negative) ? 1 : 0;
  return one(std::move(y));
}

OperatorDefinition row_of(const char* op, std::vector<Tensor> (*golden)(const Node&, const Inputs&)) {
  OperatorDefinition row;
  row.op = op;
  row.golden = golden;
  row.shapes = same_shape;
  row.host_ops = ops_per_element;
  return row;
}

}  // namespace

std::vector<OperatorDefinition> operators::bits() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift"}) {
    OperatorDefinition row = row_of(op, golden_pair);
    row.operands = Operands::Several;
    row.arithmetic = "bits, exact";
    row.shapes = pair_shapes;
    rows.push_back(std::move(row));
  }
  rows.push_back(row_of("BitwiseNot", golden_not));
  rows.back().arithmetic = "bits, exact";
  for (auto& row : {row_of("IsNaN", golden_is_nan), row_of("IsInf", golden_is_infinite)}) {
    rows.push_back(row);
    rows.back().type = [](const Operation&, std::size_t) { return DType::Bool; };
    rows.back().arithmetic = "truth, exact";
  }
  return rows;
}

}  // namespace bpusim
