// LRN: in float64 and on the CPU. Where a BPU runs it, it is taken apart before it is lowered
// (sim/plan/chains.h).
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sim/operators/families.h"

namespace bpusim {

namespace {

constexpr double kPowerOps = 20;  // an exponential and a logarithm as polynomials; assumption

std::int64_t size_of(const Node& node) {
  const std::int64_t size = node.attributes.get("size", std::int64_t{0});
  if (size < 1) throw std::invalid_argument("LRN: needs a size of at least 1");
  return size;
}

// ONNX: y = x / (bias + alpha / size * sum of x^2 over size channels around)^beta.
std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  if (x.shape.size() < 2) throw std::invalid_argument("LRN: needs channels at axis 1");
  const std::int64_t size = size_of(node), channels = x.shape[1];
  const double alpha = node.attributes.get("alpha", 1e-4), beta = node.attributes.get("beta", 0.75),
               bias = node.attributes.get("bias", 1.0);
  const std::int64_t plane = x.size() / (x.shape[0] * channels);
  Tensor y = x;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t channel = i / plane % channels;
    const std::int64_t first = std::max<std::int64_t>(0, channel - (size - 1) / 2),
                       last = std::min(channels - 1, channel + size / 2);
    double squares = 0;
    for (std::int64_t c = first; c <= last; ++c) {
      const double v = x.values[static_cast<std::size_t>(i + (c - channel) * plane)];
      squares += v * v;
    }
    y.values[static_cast<std::size_t>(i)] /=
        std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
  }
  return one(std::move(y));
}

std::vector<Shape> shapes(const Operation& operation) {
  size_of(operation.node);
  return same_shape(operation);
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host) {
  return (2 * static_cast<double>(size_of(operation.node)) + kPowerOps) *
         ops_per_element(operation, outputs, host);
}

}  // namespace

std::vector<OperatorDefinition> operators::local_norms() {
  OperatorDefinition row;
  row.op = "LRN";
  row.golden = golden;
  row.shapes = shapes;
  row.host_ops = host_ops;
  row.engine = "MAC array";
  row.arithmetic = "as x (bias + W x^2)^-beta: a product, a convolution, a table, a product; images only";
  return {row};
}

}  // namespace bpusim
