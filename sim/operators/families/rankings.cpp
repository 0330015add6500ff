// TopK and Hardmax, on the CPU: elements by their order along an axis.
#include <cmath>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/tensor/ranking.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

bool flag(const Node& node, const char* name) {
  return node.attributes.get(name, std::int64_t{1}) != 0;
}

// From opset 10 on K is an input.
std::int64_t count_of(const Node& node, const Tensor* k) {
  if (k == nullptr) return node.attributes.get("k", std::int64_t{-1});
  if (k->size() != 1) throw std::invalid_argument("TopK: K must be one number");
  return to_integer(k->values[0]);
}

std::vector<Tensor> golden_top(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  Ranked ranked = top_k(x, count_of(node, inputs.size() > 1 ? inputs[1] : nullptr),
                        axis_of(node, "axis", -1, x.shape.size()), flag(node, "largest"));
  std::vector<Tensor> outputs = one(std::move(ranked.values));
  outputs.push_back(std::move(ranked.indices));
  return outputs;
}

std::vector<Shape> top_shapes(const Operation& operation) {
  const Node& node = operation.node;
  if (!operation.known(1))
    throw NotRun("TopK: how many elements it takes is computed ('" + node.inputs[1] +
                 "'): export the model with a constant K");
  Shape shape = operation.shape();
  const std::size_t axis = axis_of(node, "axis", -1, shape.size());
  const std::int64_t count = count_of(node, operation.given(1) ? &operation.value(1) : nullptr);
  if (count < 0 || count > shape[axis])
    throw std::invalid_argument("TopK: " + std::to_string(count) + " of " + std::to_string(shape[axis]) +
                                " elements along axis " + std::to_string(axis));
  shape[axis] = count;
  return {shape, shape};
}

// Comparisons with a heap of K elements: each element goes through it.
double top_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const std::size_t axis = axis_of(operation.node, "axis", -1, operation.shape().size());
  const double k = outputs.empty() ? 1 : static_cast<double>(outputs[0][axis]);
  return static_cast<double>(element_count(operation.shape())) * (1 + std::log2(std::max(k, 1.0)));
}

// Before opset 13 all axes from `axis` on are one row.
std::vector<Tensor> golden_hardmax(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  const bool rows = node.opset < 13;
  const std::size_t axis = axis_of(node, "axis", rows ? 1 : -1, x.shape.size());
  if (!rows) return one(hardmax(x, axis));
  std::int64_t outer = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= x.shape[d];
  Tensor y = hardmax(Tensor({outer, x.size() / std::max<std::int64_t>(outer, 1)}, x.values), 1);
  y.shape = x.shape;
  return one(std::move(y));
}

}  // namespace

std::vector<OperatorDefinition> operators::rankings() {
  OperatorDefinition top;
  top.op = "TopK";
  top.golden = golden_top;
  top.shapes = top_shapes;
  top.type = [](const Operation& operation, std::size_t output) {
    return output == 1 ? DType::Int64 : operation.dtype();
  };
  top.host_ops = top_ops;
  OperatorDefinition hard;
  hard.op = "Hardmax";
  hard.golden = golden_hardmax;
  hard.shapes = same_shape;
  hard.host_ops = ops_per_element;
  return {top, hard};
}

}  // namespace bpusim
