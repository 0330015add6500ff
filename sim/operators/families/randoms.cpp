// RandomNormal and RandomNormalLike, on the CPU.
#include "kernels/tensor/random.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

Tensor drawn(const Node& node, const Shape& shape) {
  return random_normal(shape, node.attributes.get("mean", 0.0), node.attributes.get("scale", 1.0),
                       static_cast<std::uint64_t>(node.attributes.get("seed", 0.0)));
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
  OperatorDefinition row;
  row.op = "RandomNormal";
  row.draws = true;
  row.golden = golden;
  row.shapes = shapes;
  row.type = [](const Operation&, std::size_t) { return DType::Float32; };
  row.host_ops = host_ops;
  OperatorDefinition like = row;
  like.op = "RandomNormalLike";
  like.golden = golden_like;
  like.shapes = same_shape;
  return {row, like};
}

}  // namespace bpusim
