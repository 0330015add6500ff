// Gemm, MatMul and Einsum: with constant weights a convolution over images of one pixel, with two activations
// a product of its own.
#include <cmath>
#include <memory>
#include <stdexcept>

#include "kernels/mac/einsum.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/tensor_shapes.h"
#include "models/commands/mac_commands.h"
#include "sim/lowering/matmul.h"
#include "sim/lowering/product.h"
#include "sim/operators/families.h"
#include "sim/operators/mac_step.h"

namespace bpusim {

namespace {

bool flag(const Node& node, const char* name) {
  return node.attributes.get(name, std::int64_t{0}) != 0;
}

std::vector<Tensor> golden_matmul(const Node&, const Inputs& inputs) {
  if (inputs.size() != 2) throw std::invalid_argument("MatMul: needs two operands");
  return one(matmul(*inputs[0], *inputs[1]));
}

void scale_by(double factor, Tensor& tensor) {
  if (factor == 1) return;
  for (double& v : tensor.values) v *= factor;
}

std::vector<Tensor> golden_gemm(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 2 || inputs[0]->shape.size() != 2 || inputs[1]->shape.size() != 2)
    throw std::invalid_argument("Gemm: needs two matrices");
  Tensor y = matmul(flag(node, "transA") ? transpose_last(*inputs[0]) : *inputs[0],
                    flag(node, "transB") ? transpose_last(*inputs[1]) : *inputs[1]);
  scale_by(node.attributes.get("alpha", 1.0), y);
  if (inputs.size() < 3 || inputs[2]->values.empty()) return one(std::move(y));
  Tensor c = *inputs[2];
  scale_by(node.attributes.get("beta", 1.0), c);
  return one(binary("Add", y, c));
}

std::vector<Shape> matmul_shapes(const Operation& operation) {
  return {matmul_shape(operation.shape(0), operation.shape(1))};
}

Shape turned(const Shape& shape, bool turn) {
  if (shape.size() != 2) throw std::invalid_argument("Gemm: needs two matrices");
  return turn ? Shape{shape[1], shape[0]} : shape;
}

std::vector<Shape> gemm_shapes(const Operation& operation) {
  const Shape product = matmul_shape(turned(operation.shape(0), flag(operation.node, "transA")),
                                     turned(operation.shape(1), flag(operation.node, "transB")));
  // C is spread over the product, never the product over C.
  if (operation.given(2) && broadcast_shape(product, operation.shape(2)) != product)
    throw std::invalid_argument("Gemm: C of " + to_string(operation.shape(2)) +
                                " does not fit a product of " + to_string(product));
  return {product};
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const Shape& a = operation.shape(0);
  const bool across = operation.node.op == "Gemm" && flag(operation.node, "transA");
  const std::int64_t inner = across && a.size() > 1 ? a[a.size() - 2] : a.back();
  return 2 * static_cast<double>(element_count(outputs.at(0)) * inner);
}

std::string matmul_obstacle(const Operation& operation) {
  if (operation.shape(0).size() < 2 || operation.shape(1).size() < 2)
    return "a MatMul by a vector has no BPU lowering";
  return "";
}

std::string gemm_obstacle(const Operation& operation) {
  const bool weights = multiplies_by_weights(operation);
  if (weights && flag(operation.node, "transA")) return "a transposed activation has no BPU lowering";
  if (!operation.given(2)) return "";
  const std::int64_t columns = operation.shape(1)[flag(operation.node, "transB") ? 0 : 1],
                     c = element_count(operation.shape(2));
  if (!weights) return "a C beside two activations has no BPU lowering";
  if (operation.constant[2] == 0) return "a C that is computed has no BPU lowering";
  return c == 1 || (c == columns && operation.shape(2).back() == columns)
             ? ""
             : "C of shape " + to_string(operation.shape(2)) + " is no bias";
}

LoweredStep lower_weights(StepLowering& s) {
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
  mac.problem.ic = mac.weights.shape[1];
  mac.problem.oc = mac.weights.shape[0];
  mac.scales = given_scales(s, 1, mac.problem.oc);
  const double alpha = gemm ? a.get("alpha", 1.0) : 1.0;
  scale_by(alpha, mac.weights);
  for (double& scale : mac.scales) scale *= alpha == 0 ? 1 : std::abs(alpha);
  mac.problem.n = s.in().elements / mac.problem.ic;
  if (gemm && s.operation().given(2) && s.context.function) {
    const auto numbers = s.context.network.values.at(s.node.inputs[2]).numbers();
    const Tensor& c = *numbers;
    for (std::int64_t o = 0; o < mac.problem.oc; ++o)
      mac.bias.push_back(a.get("beta", 1.0) * c.values[static_cast<std::size_t>(c.size() == 1 ? 0 : o)]);
  }
  mac.macs = mac.problem.macs();
  mac.lower = &lower_matmul;
  mac.mappings = mac_mappings(s.machine.bpu.cores);
  fold_followers(s, mac);
  return lower_mac(s, std::move(mac));
}

// First matrices of each pair, leading dimensions broadcast.
std::vector<ProductProblem::Pair> pairs_of(const Shape& a, const Shape& b) {
  const Shape la(a.begin(), a.end() - 2), lb(b.begin(), b.end() - 2), lead = broadcast_shape(la, lb);
  const auto numbered = [](const Shape& shape) {
    Tensor t = Tensor::filled(shape, 0);
    for (std::size_t i = 0; i < t.values.size(); ++i) t.values[i] = static_cast<double>(i);
    return t;
  };
  const Tensor zero = Tensor::filled(lead, 0), na = binary("Add", numbered(la), zero),
               nb = binary("Add", numbered(lb), zero);
  std::vector<ProductProblem::Pair> pairs;
  for (std::size_t i = 0; i < na.values.size(); ++i)
    pairs.push_back({static_cast<std::int64_t>(na.values[i]), static_cast<std::int64_t>(nb.values[i]),
                     static_cast<std::int64_t>(i)});
  return pairs;
}

ProductProblem matmul_problem(const Node& node, const Shape& a, const Shape& b) {
  ProductProblem p;
  p.a_turned = node.op == "Gemm" && flag(node, "transA");
  p.b_turned = node.op == "Gemm" && flag(node, "transB");
  const std::int64_t a0 = a[a.size() - 2], a1 = a.back(), b0 = b[b.size() - 2], b1 = b.back();
  p.rows = p.a_turned ? a1 : a0;
  p.inner = p.a_turned ? a0 : a1;
  p.columns = p.b_turned ? b0 : b1;
  p.pairs = pairs_of(a, b);
  for (ProductProblem::Pair& pair : p.pairs) {
    pair.a *= a0 * a1;
    pair.b *= b0 * b1;
    pair.y *= p.rows * p.columns;
  }
  return p;
}

// A factor in memory: a tensor on the machine, or a constant with one scale.
struct Factor {
  Quantisation grid;
  std::int64_t address = 0;
  Codes constant;  // where the step has no such tensor
};

Factor factor_of(const StepLowering& s, std::size_t input) {
  const std::string& name = s.node.inputs.at(input);
  const Value& value = s.context.network.values.at(name);
  if (!value.constant) return {s.place(name).grid, s.place(name).address, {}};
  Factor factor;
  std::vector<std::int8_t> bytes;
  if (s.context.function) {
    const auto numbers = value.numbers();
    const bool given = value.grid && value.grid->dtype == DType::Int8;
    factor.grid = given ? *value.grid : symmetric_grid(numbers->values);
    factor.constant = quantise(numbers->values, factor.grid);
    bytes.assign(factor.constant.begin(), factor.constant.end());
  }
  factor.address = s.constants(s.context.function ? bytes.data() : nullptr, element_count(value.shape));
  return factor;
}

LoweredStep lower_activations(const StepLowering& s, const ProductProblem& problem, double alpha) {
  LoweredStep lowered = s.begin("mac_array");
  const Factor a = factor_of(s, 0), b = factor_of(s, 1);
  ProductJob job;
  job.problem = problem;
  job.plan = plan_product(problem, alpha, a.grid, b.grid, s.out().grid, s.multiplier_bits(), s.rounding());
  job.a = a.address;
  job.b = b.address;
  job.y = s.out().address;
  for (std::size_t i = 0; i < 2; ++i)
    if (s.context.network.values.at(s.node.inputs[i]).constant)
      lowered.work.read_bytes += element_count(s.shape(s.node.inputs[i]));
  lowered.work.macs = problem.macs() * passes_of(job.plan, s.machine.mac);
  lowered.programs.push_back(
      s.fastest({"mac_array"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_product(s.step.name, job, machine, choice.tile_bytes);
      }));
  const bool first = !s.context.network.values.at(s.node.inputs[0]).constant,
             second = !s.context.network.values.at(s.node.inputs[1]).constant;
  lowered.ideal = [job, alpha, first, second, ca = a.constant,
                   cb = b.constant](const std::vector<Codes>& in) {
    return ideal_product(job.problem, job.plan, alpha, first ? in[0] : ca, second ? in.back() : cb);
  };
  return lowered;
}

LoweredStep lower(StepLowering& s) {
  if (multiplies_by_weights(s.operation())) return lower_weights(s);
  return lower_activations(s, matmul_problem(s.node, s.shape(s.node.inputs[0]), s.shape(s.node.inputs[1])),
                           s.node.op == "Gemm" ? s.node.attributes.get("alpha", 1.0) : 1.0);
}

std::string equation_of(const Node& node) {
  return node.attributes.get("equation", std::string());
}

std::vector<Tensor> golden_einsum(const Node& node, const Inputs& inputs) {
  std::vector<Tensor> operands;
  for (const Tensor* x : inputs) operands.push_back(*x);
  return one(einsum(equation_of(node), operands));
}

std::vector<Shape> einsum_shapes(const Operation& operation) {
  return {einsum_shape(equation_of(operation.node), operation.shapes)};
}

double einsum_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  return einsum_products(equation_of(operation.node), operation.shapes);
}

std::string einsum_obstacle(const Operation& operation) {
  if (operation.node.inputs.size() != 2) return "an Einsum of one operand, or of three, has no BPU lowering";
  return einsum_product(equation_of(operation.node), operation.shape(0), operation.shape(1))
             ? ""
             : "an Einsum that is no product of matrices as they lie has no BPU lowering";
}

LoweredStep lower_einsum(StepLowering& s) {
  return lower_activations(
      s, *einsum_product(equation_of(s.node), s.shape(s.node.inputs[0]), s.shape(s.node.inputs[1])), 1);
}

}  // namespace

std::vector<OperatorDefinition> operators::products() {
  OperatorDefinition gemm;
  gemm.op = "Gemm";
  gemm.golden = golden_gemm;
  gemm.shapes = gemm_shapes;
  gemm.host_ops = host_ops;
  gemm.obstacle = gemm_obstacle;
  gemm.takes_int16 = always;
  gemm.lower = lower;
  gemm.engine = "MAC array";
  gemm.arithmetic =
      "constant weights as Conv; two activations: exact int32 sums around both zero points, one rounding";
  OperatorDefinition product;
  product.op = "MatMul";
  product.golden = golden_matmul;
  product.shapes = matmul_shapes;
  product.host_ops = host_ops;
  product.obstacle = matmul_obstacle;
  product.takes_int16 = always;
  product.lower = lower;
  product.engine = "MAC array";
  product.arithmetic =
      "constant weights as Conv; two activations: exact int32 sums around both zero points, one rounding";
  OperatorDefinition sum;
  sum.op = "Einsum";
  sum.golden = golden_einsum;
  sum.shapes = einsum_shapes;
  sum.host_ops = einsum_ops;
  sum.obstacle = einsum_obstacle;
  sum.takes_int16 = always;
  sum.lower = lower_einsum;
  sum.engine = "MAC array";
  sum.arithmetic = "two activations that lie as matrices do: as MatMul; others on the CPU";
  return {gemm, product, sum};
}

}  // namespace bpusim
