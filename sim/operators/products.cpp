// Gemm and MatMul: with constant weights a convolution over images of one pixel.
#include <stdexcept>

#include "kernels/tensor_math.h"
#include "kernels/tensor_shapes.h"
#include "sim/compile/matmul_lowering.h"
#include "sim/operators/families.h"
#include "sim/operators/mac_step.h"

namespace bpusim {

namespace {

bool flag(const Node& node, const char* name) {
  return node.attributes.get(name, std::int64_t{0}) != 0;
}

std::vector<Tensor> golden_matmul(const Node&, const Inputs& inputs) {
  if (inputs.size() != 2) throw std::invalid_argument("MatMul: needs two operands");
  return {matmul(*inputs[0], *inputs[1])};
}

std::vector<Tensor> golden_gemm(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 2 || inputs[0]->shape.size() != 2 || inputs[1]->shape.size() != 2)
    throw std::invalid_argument("Gemm: needs two matrices");
  Tensor y = matmul(flag(node, "transA") ? transpose_last(*inputs[0]) : *inputs[0],
                    flag(node, "transB") ? transpose_last(*inputs[1]) : *inputs[1]);
  for (double& v : y.values) v *= node.attributes.get("alpha", 1.0);
  if (inputs.size() < 3 || inputs[2]->values.empty()) return {y};
  Tensor c = *inputs[2];
  for (double& v : c.values) v *= node.attributes.get("beta", 1.0);
  return {binary("Add", y, c)};
}

std::vector<Shape> matmul_shapes(const Operation& operation) {
  return {matmul_shape(operation.shape(0), operation.shape(1))};
}

Shape turned(const Shape& shape, bool turn) {
  if (shape.size() != 2) throw std::invalid_argument("Gemm: needs two matrices");
  return turn ? Shape{shape[1], shape[0]} : shape;
}

std::vector<Shape> gemm_shapes(const Operation& operation) {
  return {matmul_shape(turned(operation.shape(0), flag(operation.node, "transA")),
                       turned(operation.shape(1), flag(operation.node, "transB")))};
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const Shape& a = operation.shape(0);
  const bool across = operation.node.op == "Gemm" && flag(operation.node, "transA");
  const std::int64_t inner = across && a.size() > 1 ? a[a.size() - 2] : a.back();
  return 2 * static_cast<double>(element_count(outputs.at(0)) * inner);
}

std::string matmul_obstacle(const Operation& operation) {
  const bool weights = operation.constant.at(1) != 0 && operation.constant[0] == 0;
  return weights && operation.shape(1).size() == 2 ? "" : "a product of two activations has no BPU lowering";
}

std::string gemm_obstacle(const Operation& operation) {
  if (flag(operation.node, "transA")) return "a transposed activation has no BPU lowering";
  if (operation.constant.at(1) == 0) return "a product of two activations has no BPU lowering";
  if (!operation.given(2)) return "";
  const std::int64_t columns = operation.shape(1)[flag(operation.node, "transB") ? 0 : 1],
                     c = element_count(operation.shape(2));
  if (operation.constant[2] == 0) return "a C that is computed has no BPU lowering";
  return c == 1 || (c == columns && operation.shape(2).back() == columns)
             ? ""
             : "C of shape " + to_string(operation.shape(2)) + " is no bias";
}

LoweredStep lower(StepLowering& s) {
  const Attributes& a = s.node.attributes;
  const bool gemm = s.node.op == "Gemm";
  MacStep mac;
  mac.weights = weights_of(s, 1);
  if (!gemm || !flag(s.node, "transB")) {
    if (s.context.function) {
      mac.weights = transpose_last(mac.weights);
    } else {
      std::swap(mac.weights.shape[0], mac.weights.shape[1]);
    }
  }
  for (double& w : mac.weights.values) w *= gemm ? a.get("alpha", 1.0) : 1.0;
  mac.problem.ic = mac.weights.shape[1];
  mac.problem.oc = mac.weights.shape[0];
  mac.problem.n = s.in().elements / mac.problem.ic;
  if (gemm && s.operation().given(2) && s.context.function) {
    const Tensor& c = *s.context.network.values.at(s.node.inputs[2]).data;
    for (std::int64_t o = 0; o < mac.problem.oc; ++o)
      mac.bias.push_back(a.get("beta", 1.0) * c.values[static_cast<std::size_t>(c.size() == 1 ? 0 : o)]);
  }
  mac.lower = &lower_matmul;
  fold_followers(s, mac);
  return lower_mac(s, std::move(mac));
}

}  // namespace

std::vector<OperatorDefinition> operators::products() {
  OperatorDefinition gemm;
  gemm.op = "Gemm";
  gemm.operands = Operands::First;
  gemm.golden = golden_gemm;
  gemm.shapes = gemm_shapes;
  gemm.host_ops = host_ops;
  gemm.obstacle = gemm_obstacle;
  gemm.lower = lower;
  OperatorDefinition product;
  product.op = "MatMul";
  product.golden = golden_matmul;
  product.shapes = matmul_shapes;
  product.host_ops = host_ops;
  product.obstacle = matmul_obstacle;
  product.lower = lower;
  return {gemm, product};
}

}  // namespace bpusim
