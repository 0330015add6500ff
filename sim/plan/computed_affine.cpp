#include "sim/plan/computed_affine.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernels/norms/norm.h"
#include "sim/network/free_names.h"

namespace bpusim {

namespace {

// The input that is a parameter of this kind; 0 where the norm has none.
std::size_t input_of(const NormDefinition& row, NormRole role) {
  for (std::size_t i = 0; i < row.constants.size(); ++i)
    if (row.constants[i].role == role) return i + 1;
  return 0;
}

Tensor vector_of(const Shape& extents) {
  return Tensor({static_cast<std::int64_t>(extents.size())},
                std::vector<double>(extents.begin(), extents.end()));
}

// Takes one norm apart and writes what becomes of it.
class Parts {
 public:
  Parts(const Node& norm, const NormDefinition& row, FreeNames& names, Network& network)
      : norm_(norm), row_(row), names_(names), network_(network), x_(network.shape_of(norm.inputs[0])) {}

  // The norm without scale and bias, and both behind it.
  void write_affine() {
    Node core = norm_;
    const std::string scale = input(NormRole::Scale), bias = input(NormRole::Bias);
    core.inputs[input_of(row_, NormRole::Scale)] =
        constant("ones", Tensor::filled(network_.shape_of(scale), 1));
    if (!bias.empty())
      core.inputs[input_of(row_, NormRole::Bias)] =
          constant("zeros", Tensor::filled(network_.shape_of(bias), 0));
    core.outputs[0] = names_.take(norm_.name + "/normalised");
    network_.nodes.push_back(core);
    std::string value = core.outputs[0];
    value = add("Mul", "scale", {value, alike(scale, "scale")}, bias.empty() ? norm_.outputs[0] : "");
    if (!bias.empty()) add("Add", "bias", {value, alike(bias, "bias")}, norm_.outputs[0]);
  }

  // A BatchNormalization of given statistics that are tensors.
  void write_given() {
    const std::string epsilon = constant("epsilon", Tensor({}, {norm_.attributes.get("epsilon", 1e-5)}));
    const std::string variance = add("Add", "variance", {input(NormRole::Variance), epsilon}, "");
    const std::string deviation = add("Sqrt", "deviation", {variance}, "");
    const std::string factor = add("Div", "factor", {input(NormRole::Scale), deviation}, "");
    const std::string centred =
        add("Sub", "centred", {norm_.inputs[0], alike(input(NormRole::Mean), "mean")}, "");
    const std::string scaled = add("Mul", "scale", {centred, alike(factor, "factor")}, "");
    network_.nodes.push_back(
        node("Add", norm_.name, {scaled, alike(input(NormRole::Bias), "bias")}, norm_.outputs[0]));
  }

 private:
  std::string input(NormRole role) const {
    const std::size_t i = input_of(row_, role);
    return i > 0 && i < norm_.inputs.size() ? norm_.inputs[i] : "";
  }

  Node node(const std::string& op, const std::string& name, std::vector<std::string> inputs,
            const std::string& output) const {
    Node made;
    made.name = name;
    made.op = op;
    made.opset = std::max(norm_.opset, 13);  // Reshape and Expand take their targets as inputs
    made.inputs = std::move(inputs);
    made.outputs = {output};
    made.origin = norm_.op;
    return made;
  }

  // Without `output` the value has the node's name.
  std::string add(const std::string& op, const std::string& part, std::vector<std::string> inputs,
                  const std::string& output) {
    const std::string name = names_.take(norm_.name + "/" + part);
    network_.nodes.push_back(node(op, name, std::move(inputs), output.empty() ? name : output));
    return network_.nodes.back().outputs[0];
  }

  std::string constant(const std::string& part, Tensor tensor) {
    std::string name = names_.take(norm_.name + "/" + part);
    Value& value = network_.values[name];
    value.constant = true;
    value.hold(std::move(tensor));
    return name;
  }

  std::string reshaped(const std::string& value, const std::string& part, const Shape& shape,
                       const char* op) {
    return add(op, part, {value, constant(part + "/target", vector_of(shape))}, "");
  }

  // A parameter in a shape that broadcasts over x: one of normalised elements does as it is, others have one
  // element a channel, or a group of channels, along axis 1.
  std::string alike(const std::string& value, const std::string& part) {
    if (row_.constants.front().broadcasts) return value;
    const std::int64_t channels = x_[1], count = element_count(network_.shape_of(norm_.inputs[1]));
    Shape along(x_.size() - 1, 1);
    along[0] = channels;
    std::string spread = value;
    if (count != channels) {
      spread = reshaped(spread, part + "/column", {count, 1}, "Reshape");
      spread = reshaped(spread, part + "/spread", {count, channels / count}, "Expand");
    }
    return reshaped(spread, part + "/channels", along, "Reshape");
  }

  const Node& norm_;
  const NormDefinition& row_;
  FreeNames& names_;
  Network& network_;
  const Shape x_;
};

bool computed(const Node& node, std::size_t input, const Network& network) {
  return input > 0 && input < node.inputs.size() && !node.inputs[input].empty() &&
         !network.values.at(node.inputs[input]).constant;
}

// Whether parameters lie along the normalised axes at the end, or along axis 1.
bool fits(const Node& node, const NormDefinition& row, const Network& network) {
  if (row.composite || row.constants.empty() || row.constants.front().role != NormRole::Scale) return false;
  if (row.constants.front().broadcasts) return node.attributes.int_lists.count("axes") == 0;
  const Shape& x = network.shape_of(node.inputs[0]);
  const std::int64_t count = element_count(network.shape_of(node.inputs[1]));
  return x.size() > 1 && count > 0 && x[1] % count == 0;
}

bool takes_apart(const Node& node, const NormDefinition& row, const Network& network) {
  const bool known = std::none_of(node.inputs.begin(), node.inputs.end(),
                                  [&](const std::string& name) { return network.unknown.count(name) != 0; });
  if (!known || node.inputs.size() < 2 || node.inputs[1].empty() || in_training(row, node.attributes))
    return false;
  bool any = false;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) any = any || computed(node, i, network);
  return any && fits(node, row, network);
}

}  // namespace

Network with_computed_affine(const Network& network, const std::function<bool(const Node&)>& on_bpu) {
  FreeNames names(network);
  Network result = network;
  result.nodes.clear();
  for (const Node& node : network.nodes) {
    const NormDefinition* row = find_norm(node.op);
    if (row == nullptr || !takes_apart(node, *row, network) || !on_bpu(node)) {
      result.nodes.push_back(node);
      continue;
    }
    Parts parts(node, *row, names, result);
    const bool given = computed(node, input_of(*row, NormRole::Mean), network) ||
                       computed(node, input_of(*row, NormRole::Variance), network);
    row->given_statistics&& given ? parts.write_given() : parts.write_affine();
  }
  return result;
}

}  // namespace bpusim
