// RandomNormal, RandomUniform and their forms that take a tensor's shape, on the CPU.
#include "kernels/tensor/random.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

Tensor drawn(const Node& node, const Shape& shape) {
  const Attributes& a = node.attributes;
  const auto seed = static_cast<std::uint64_t>(to_integer(a.get("seed", 0.0)));
  if (node.op.rfind("RandomUniform", 0) == 0)
    return random_uniform(shape, a.get("low", 0.0), a.get("high", 1.0), seed);
  return random_normal(shape, a.get("mean", 0.0), a.get("scale", 1.0), seed);
}

Shape asked_for(const Node& node) {
  return node.attributes.get("shape", std::vector<std::int64_t>{});
}

std::vector<Tensor> golden(const Node& node, const Inputs&) {
  return one(drawn(node, asked_for(node)));
}

std::vector<Tensor> golden_like(const Node& node, const Inputs& inputs) {
  return one(drawn(node, inputs.at(0)->shape));
}

std::vector<Shape> shapes(const Operation& operation) {
  return {asked_for(operation.node)};
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host) {
  return host.random_ops_per_element * ops_per_element(operation, outputs, host);
}

}  // namespace

std::vector<OperatorDefinition> operators::randoms() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"}) {
    OperatorDefinition row;
    row.op = op;
    const bool like = row.op.find("Like") != std::string::npos;
    row.draws = true;
    row.golden = like ? golden_like : golden;
    row.shapes = like ? same_shape : shapes;
    row.type = [](const Operation&, std::size_t) { return DType::Float32; };
    row.host_ops = host_ops;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
