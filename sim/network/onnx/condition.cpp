#include "sim/network/onnx/condition.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/view.h"

namespace bpusim {

namespace {

constexpr std::int64_t kMostElements = 4096;  // shapes and what is computed from them are far smaller
constexpr int kDeepest = 500;                 // nodes between a condition and its constants

using Comparison = bool (*)(double, double);

Comparison find_comparison(const std::string& op) {
  static const std::map<std::string, Comparison> table = {
      {"Equal", [](double x, double y) { return x == y; }},
      {"Greater", [](double x, double y) { return x > y; }},
      {"GreaterOrEqual", [](double x, double y) { return x >= y; }},
      {"Less", [](double x, double y) { return x < y; }},
      {"LessOrEqual", [](double x, double y) { return x <= y; }},
      {"And", [](double x, double y) { return x != 0 && y != 0; }},
      {"Or", [](double x, double y) { return x != 0 || y != 0; }},
      {"Xor", [](double x, double y) { return (x != 0) != (y != 0); }}};
  const auto found = table.find(op);
  return found == table.end() ? nullptr : found->second;
}

Tensor compare(Comparison holds, const Tensor& a, const Tensor& b) {
  // A zero of the broadcast shape brings both operands to it.
  const Tensor zero = Tensor::filled(broadcast_shape(a.shape, b.shape), 0);
  Tensor x = binary("Add", zero, a);
  const Tensor y = binary("Add", zero, b);
  for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] = holds(x.values[i], y.values[i]) ? 1 : 0;
  return x;
}

Tensor cast(const Node& node, Tensor x) {
  // Element types are those of TensorProto: 9 is bool, 1, 10, 11 and 16 are real, the others whole numbers.
  const std::int64_t to = node.attributes.get("to", std::int64_t{1});
  for (double& v : x.values) {
    if (to == 9) {
      v = v != 0 ? 1 : 0;
    } else if (to != 1 && to != 10 && to != 11 && to != 16) {
      v = std::trunc(v);
    }
  }
  return x;
}

Tensor concat(const std::vector<Tensor>& inputs) {
  std::vector<double> values;
  for (const Tensor& x : inputs) {
    if (x.shape.size() != 1) throw std::invalid_argument("Concat: only vectors are shapes");
    values.insert(values.end(), x.values.begin(), x.values.end());
  }
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor({size}, std::move(values));
}

// Nothing where the operator is none that shape arithmetic uses. Throws where the inputs do not fit.
std::optional<Tensor> compute(const Node& node, const std::vector<Tensor>& inputs) {
  const std::string& op = node.op;
  const std::vector<Tensor> rest(inputs.begin() + 1, inputs.end());
  if (op == "Not") return compare([](double x, double) { return x == 0; }, inputs[0], inputs[0]);
  if (op == "Cast") return cast(node, inputs[0]);
  if (op == "Size") return Tensor({}, {static_cast<double>(inputs[0].size())});
  if (op == "Concat") return concat(inputs);
  if (op == "Gather" && inputs.size() == 2)
    return gather(inputs[0], inputs[1], node.attributes.get("axis", std::int64_t{0}));
  if (op == "Identity" || op == "Squeeze" || op == "Unsqueeze" || op == "Reshape" || op == "Slice") {
    const View view = resolve_view(op, node.attributes, inputs[0].shape, rest);
    return Tensor(view.shape, apply_view(view, inputs[0].values));
  }
  if (inputs.size() != 2) return std::nullopt;
  if (const Comparison comparison = find_comparison(op)) return compare(comparison, inputs[0], inputs[1]);
  if (op == "Add" || op == "Sub" || op == "Mul") return binary(op, inputs[0], inputs[1]);
  return std::nullopt;
}

}  // namespace

std::optional<Tensor> KnownValues::shape_of(const std::string& name) const {
  const auto found = network_.values.find(name);
  if (found == network_.values.end()) return std::nullopt;
  const Value& value = found->second;
  if (!value.constant && shaped_.count(name) == 0) return std::nullopt;
  return Tensor({static_cast<std::int64_t>(value.shape.size())},
                std::vector<double>(value.shape.begin(), value.shape.end()));
}

std::optional<Tensor> KnownValues::value(const std::string& name) {
  return value(name, 0);
}

std::optional<Tensor> KnownValues::value(const std::string& name, int depth) {
  const auto found = network_.values.find(name);
  if (found != network_.values.end() && found->second.constant) {
    const Value& constant = found->second;
    if (!constant.data || constant.data->size() > kMostElements) return std::nullopt;
    return *constant.data;
  }
  const auto maker = makers_.find(name);
  if (maker == makers_.end() || depth > kDeepest) return std::nullopt;
  const auto before = computed_.find(name);
  if (before != computed_.end()) return before->second;
  std::optional<Tensor> result;
  try {
    result = result_of(network_.nodes[maker->second], depth);
  } catch (const std::invalid_argument&) {
    // The place to complain is where the node itself is checked.
  }
  if (result && result->size() > kMostElements) result.reset();
  computed_[name] = result;
  return result;
}

std::optional<Tensor> KnownValues::result_of(const Node& node, int depth) {
  if (node.inputs.empty() || node.outputs.size() != 1) return std::nullopt;
  if (node.op == "Shape") {
    const bool part = node.attributes.ints.count("start") != 0 || node.attributes.ints.count("end") != 0;
    return part ? std::nullopt : shape_of(node.inputs[0]);
  }
  std::vector<Tensor> inputs;
  for (const std::string& input : node.inputs) {
    auto known = input.empty() ? std::optional<Tensor>(Tensor({0}, {})) : value(input, depth + 1);
    if (!known) return std::nullopt;
    inputs.push_back(std::move(*known));
  }
  return compute(node, inputs);
}

void KnownValues::add_makers(const std::string& name, std::set<std::size_t>& nodes) const {
  const auto maker = makers_.find(name);
  if (maker == makers_.end() || !nodes.insert(maker->second).second) return;
  const Node& node = network_.nodes[maker->second];
  if (node.op == "Shape") return;
  for (const std::string& input : node.inputs) add_makers(input, nodes);
}

}  // namespace bpusim
