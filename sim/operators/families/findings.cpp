// NonZero, Compress, Unique and NonMaxSuppression: how much they give follows from numbers. Where those are
// constant they are folded; elsewhere nothing here has a place for what nobody can count.
#include <optional>
#include <stdexcept>

#include "kernels/tensor/finding.h"
#include "kernels/vector/boxes.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

std::optional<std::size_t> given_axis(const Node& node, const Tensor& x) {
  if (node.attributes.ints.count("axis") == 0) return std::nullopt;
  return axis_of(node, "axis", 0, x.shape.size());
}

std::vector<Tensor> golden_non_zero(const Node&, const Inputs& inputs) {
  return one(non_zero(*inputs.at(0)));
}

std::vector<Tensor> golden_compress(const Node& node, const Inputs& inputs) {
  return one(compress(*inputs.at(0), *inputs.at(1), given_axis(node, *inputs[0])));
}

std::vector<Tensor> golden_unique(const Node& node, const Inputs& inputs) {
  Distinct found = unique(*inputs.at(0), given_axis(node, *inputs[0]),
                          node.attributes.get("sorted", std::int64_t{1}) != 0);
  std::vector<Tensor> outputs = one(std::move(found.values));
  outputs.push_back(std::move(found.first));
  outputs.push_back(std::move(found.inverse));
  outputs.push_back(std::move(found.counts));
  return outputs;
}

std::vector<Tensor> golden_suppression(const Node& node, const Inputs& inputs) {
  const auto number = [&](std::size_t input, double fallback) {
    return input < inputs.size() && inputs[input]->size() == 1 ? inputs[input]->values[0] : fallback;
  };
  SuppressionLimits limits;
  limits.most = to_integer(number(2, 0));
  limits.overlap = number(3, 0);
  limits.score = number(4, limits.score);
  limits.centred = node.attributes.get("center_point_box", std::int64_t{0}) != 0;
  return one(non_max_suppression(*inputs.at(0), *inputs.at(1), limits));
}

DType type(const Operation& operation, std::size_t output) {
  const bool elements = operation.node.op == "Compress" || operation.node.op == "Unique";
  return elements && output == 0 ? operation.dtype() : DType::Int64;
}

}  // namespace

std::vector<OperatorDefinition> operators::findings() {
  const struct {
    const char* op;
    std::vector<Tensor> (*golden)(const Node&, const Inputs&);
  } functions[] = {{"NonZero", golden_non_zero},
                   {"Compress", golden_compress},
                   {"Unique", golden_unique},
                   {"NonMaxSuppression", golden_suppression}};
  std::vector<OperatorDefinition> rows;
  for (const auto& function : functions) {
    OperatorDefinition row;
    row.op = function.op;
    row.engine = "none";
    row.arithmetic = "of constants only, folded: what it gives has no shape before the run";
    row.by_values = true;
    row.golden = function.golden;
    row.shapes = shapes_of_results;
    row.type = type;
    row.host_ops = ops_per_element;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
