// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear and the integer products, as ONNX defines them:
// what is left of a model's own quantisation where it is not read as grids (plan/given_grids.h). On the CPU,
// exact.
#include <algorithm>
#include <stdexcept>

#include "kernels/mac/conv.h"
#include "kernels/mac/conv_volume.h"
#include "kernels/not_run.h"
#include "kernels/quantise/linear.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/tensor_shapes.h"
#include "sim/network/element_type.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

constexpr std::size_t kVolumeRank = 5;  // three spatial axes

const Tensor& input(const Node& node, const Inputs& inputs, std::size_t i) {
  if (i >= inputs.size())
    throw std::invalid_argument(node.op + ": needs an input " + std::to_string(i + 1) + ", and has " +
                                std::to_string(inputs.size()));
  return *inputs[i];
}

const Tensor& optional(const Inputs& inputs, std::size_t i) {
  return i < inputs.size() ? *inputs[i] : absent();
}

LinearLayout layout_of(const Node& node) {
  return {node.attributes.get("axis", std::int64_t{1}), node.attributes.get("block_size", std::int64_t{0})};
}

// uint8 where nothing says it; the importer writes the zero point's type into the attribute.
DType codes_of(const Node& node) {
  const std::int64_t type = node.attributes.get("output_dtype", std::int64_t{0});
  return type == 0 ? DType::UInt8 : element_type(type);
}

DType quantised_type(const Operation& operation, std::size_t) {
  const DType codes = codes_of(operation.node);
  if (operation.given(2) && is_exact(operation.dtype(2)) && operation.dtype(2) != codes)
    throw NotRun(operation.node.op + ": its zero point is computed as " + to_string(operation.dtype(2)) +
                 "; make it a constant, so that the type of the codes is known");
  return codes;
}

DType float_type(const Operation&, std::size_t) {
  return DType::Float32;
}

DType int32_type(const Operation&, std::size_t) {
  return DType::Int32;
}

template <class Work>
auto naming(const Node& node, const Work& work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(node.op + ": " + error.what());
  }
}

std::vector<Tensor> quantise_golden(const Node& node, const Inputs& inputs) {
  return naming(node, [&] {
    return one(quantize_linear(input(node, inputs, 0), input(node, inputs, 1), optional(inputs, 2),
                               layout_of(node), codes_of(node)));
  });
}

std::vector<Tensor> dequantise_golden(const Node& node, const Inputs& inputs) {
  return naming(node, [&] {
    return one(dequantize_linear(input(node, inputs, 0), input(node, inputs, 1), optional(inputs, 2),
                                 layout_of(node)));
  });
}

std::vector<Tensor> dynamic_golden(const Node& node, const Inputs& inputs) {
  DynamicQuantised made = dynamic_quantize_linear(input(node, inputs, 0));
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(made.codes));
  outputs.push_back(std::move(made.scale));
  outputs.push_back(std::move(made.zero));
  return outputs;
}

std::vector<Shape> dynamic_shapes(const Operation& operation) {
  return {operation.shape(), {}, {}};
}

DType dynamic_type(const Operation&, std::size_t output) {
  return output == 1 ? DType::Float32 : DType::UInt8;
}

std::vector<Tensor> conv_golden(const Node& node, const Inputs& inputs) {
  const Tensor x = centred(input(node, inputs, 0), optional(inputs, 2), {}),
               weights = centred(input(node, inputs, 1), optional(inputs, 3), {0, 0});
  if (x.shape.size() == kVolumeRank) return one(golden_conv_volume(node.attributes, x, weights, {}));
  const ConvProblem problem = resolve_conv(node.attributes, x.shape, weights.shape);
  return one(golden_conv(problem, x, weights, {}, x.shape.size()));
}

std::vector<Shape> conv_shapes(const Operation& operation) {
  const Shape &x = operation.shape(0), &weights = operation.shape(1);
  if (x.size() == kVolumeRank) return {conv_volume_shape(operation.node.attributes, x, weights)};
  return {conv_output_shape(resolve_conv(operation.node.attributes, x, weights), x.size())};
}

double conv_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const Shape& weights = operation.shape(1);
  const std::int64_t taps = element_count(weights) / std::max<std::int64_t>(1, weights.at(0));
  return 2 * static_cast<double>(element_count(outputs.at(0)) * taps);
}

// A zero point for each row of the first factor, one for each column of the second.
std::vector<Tensor> matmul_golden(const Node& node, const Inputs& inputs) {
  const Tensor a = centred(input(node, inputs, 0), optional(inputs, 2), {-2, 0}),
               b = centred(input(node, inputs, 1), optional(inputs, 3), {-1, 0});
  return one(matmul(a, b));
}

std::vector<Shape> matmul_shapes(const Operation& operation) {
  return {matmul_shape(operation.shape(0), operation.shape(1))};
}

double matmul_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  return 2 * static_cast<double>(element_count(outputs.at(0)) * operation.shape(0).back());
}

OperatorDefinition row(const char* op, std::vector<Tensor> (*golden)(const Node&, const Inputs&),
                       std::vector<Shape> (*shapes)(const Operation&),
                       DType (*type)(const Operation&, std::size_t)) {
  OperatorDefinition definition;
  definition.op = op;
  definition.golden = golden;
  definition.shapes = shapes;
  definition.type = type;
  definition.host_ops = ops_per_element;
  definition.arithmetic = "exact codes on the CPU, where they are not read as the grids of tensors";
  return definition;
}

}  // namespace

std::vector<OperatorDefinition> operators::linear_quantisation() {
  OperatorDefinition conv = row("ConvInteger", conv_golden, conv_shapes, int32_type);
  conv.host_ops = conv_ops;
  OperatorDefinition product = row("MatMulInteger", matmul_golden, matmul_shapes, int32_type);
  product.host_ops = matmul_ops;
  return {row("QuantizeLinear", quantise_golden, same_shape, quantised_type),
          row("DequantizeLinear", dequantise_golden, same_shape, float_type),
          row("DynamicQuantizeLinear", dynamic_golden, dynamic_shapes, dynamic_type), conv, product};
}

}  // namespace bpusim
