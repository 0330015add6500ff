#include "sim/run/simplify.h"

#include <algorithm>

#include "kernels/tensor_math.h"

namespace bpusim {

Network fold_constants(const Network& network, const GoldenValues& golden) {
  Network folded = network;
  folded.nodes.clear();
  const auto constant = [&](const std::string& name) {
    return name.empty() || folded.values.at(name).constant;
  };
  for (const Node& node : network.nodes) {
    const bool made_here = node.op == "RandomNormal" || node.op == "RandomNormalLike";
    const bool known =
        node.op == "Shape" || node.op == "Size" ||
        (!node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(), constant));
    if (!known || made_here) {
      folded.nodes.push_back(node);
      continue;
    }
    for (const std::string& output : node.outputs) {
      const auto value = golden.numbers.find(output);
      if (value == golden.numbers.end()) continue;
      folded.values[output].constant = true;
      folded.values[output].shape = value->second.shape;
      folded.values[output].data = value->second;
    }
  }
  for (auto& [name, value] : folded.values) {  // rules ask for shapes
    const auto number = golden.numbers.find(name);
    if (number != golden.numbers.end()) value.shape = number->second.shape;
  }
  return folded;
}

std::vector<std::string> tensor_inputs(const Node& node, const Network& network) {
  const bool several = (is_binary(node.op) && node.op != "Pow" && node.op != "PRelu") || node.op == "Concat";
  // Their other inputs are parameters, also where a model passes them as inputs with data.
  const bool first_only = find_norm(node.op) != nullptr || node.op == "Conv" || node.op == "Gemm";
  std::vector<std::string> tensors;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const std::string& name = node.inputs[i];
    if (name.empty() || (first_only && i > 0)) continue;
    const Value& value = network.values.at(name);
    if (value.dtype == DType::String) continue;
    const bool scalar = value.data && value.data->size() == 1;
    if (!value.constant || (several && !scalar) || (first_only && i == 0)) tensors.push_back(name);
  }
  return tensors;
}

}  // namespace bpusim
