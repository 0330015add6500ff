#include "sim/network/onnx/condition.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/tensor/indexing.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/view.h"
#include "kernels/vector/unary.h"
#include "sim/network/onnx/known_shapes.h"

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
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const bool known = !std::isnan(x.values[i]) && !std::isnan(y.values[i]);
    x.values[i] = !known ? NAN : holds(x.values[i], y.values[i]) ? 1 : 0;
  }
  return x;
}

Tensor cast(const Node& node, Tensor x) {
  // Element types are those of TensorProto: 9 is bool, 1, 10, 11 and 16 are real, the others whole numbers.
  const std::int64_t to = node.attributes.get("to", std::int64_t{1});
  for (double& v : x.values) {
    if (std::isnan(v)) continue;
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

// Reductions that give whole numbers of whole numbers: the types of values are not known yet.
bool keeps_whole(const std::string& op) {
  return op == "ReduceSum" || op == "ReduceProd" || op == "ReduceMax" || op == "ReduceMin" ||
         op == "ReduceL1" || op == "ReduceSumSquare";
}

// Over the axes of the attribute, or of an input; over all where neither names one.
Tensor reduced(const Node& node, const std::vector<Tensor>& inputs) {
  std::vector<std::int64_t> axes = node.attributes.get("axes", std::vector<std::int64_t>{});
  if (axes.empty() && inputs.size() > 1)
    for (const double v : inputs[1].values) axes.push_back(static_cast<std::int64_t>(v));
  if (axes.empty() && node.attributes.get("noop_with_empty_axes", std::int64_t{0}) != 0) return inputs[0];
  return reduce(node.op, inputs[0], axes, node.attributes.get("keepdims", std::int64_t{1}) != 0);
}

// What nobody knows of an operand is unknown in the result, whatever the operator makes of a NaN.
bool all_known(const std::vector<Tensor>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [](const Tensor& x) {
    return std::none_of(x.values.begin(), x.values.end(), [](double v) { return std::isnan(v); });
  });
}

// Nothing where the operator is none that conditions are computed by. Throws where the inputs do not fit.
std::optional<Tensor> compute(const Node& node, const std::vector<Tensor>& inputs) {
  const std::string& op = node.op;
  const std::vector<Tensor> rest(inputs.begin() + 1, inputs.end());
  if (op == "Not") return compare([](double x, double) { return x == 0; }, inputs[0], inputs[0]);
  if (op == "Cast") return cast(node, inputs[0]);
  if (op == "Concat") return concat(inputs);
  if (op == "Gather" && inputs.size() == 2)
    return gather(inputs[0], inputs[1], node.attributes.get("axis", std::int64_t{0}));
  if (op == "Identity" || op == "Squeeze" || op == "Unsqueeze" || op == "Reshape" || op == "Slice") {
    const View view = resolve_view(op, node.attributes, inputs[0].shape, rest);
    return Tensor(view.shape, apply_view(view, inputs[0].values));
  }
  const bool all = all_known(inputs);
  if (op == "Where" && inputs.size() == 3 && all) return where(inputs[0], inputs[1], inputs[2]);
  if (keeps_whole(op) && all) return reduced(node, inputs);
  if (find_unary(op) != nullptr && all) {
    Tensor y = inputs[0];
    unary_function(op, node.attributes, rest).apply(y.values.data(), y.size());
    return y;
  }
  if (inputs.size() != 2) return std::nullopt;
  if (const Comparison comparison = find_comparison(op)) return compare(comparison, inputs[0], inputs[1]);
  if (op == "Add" || op == "Sub" || op == "Mul" || op == "Mod") return binary(op, inputs[0], inputs[1]);
  if ((op == "Min" || op == "Max") && all) return binary(op, inputs[0], inputs[1]);
  return std::nullopt;
}

}  // namespace

namespace {

// A shape as the value that Shape makes of it, from start to end as its attributes have it.
Tensor shape_value(const Node& node, const Shape& whole) {
  const auto rank = static_cast<std::int64_t>(whole.size());
  const auto bound = [&](const char* name, std::int64_t fallback) {
    const std::int64_t at = node.attributes.get(name, fallback);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  std::vector<double> extents;
  for (std::int64_t d = bound("start", 0); d < bound("end", rank); ++d) {
    const std::int64_t extent = whole[static_cast<std::size_t>(d)];
    extents.push_back(extent == kOpen ? NAN : static_cast<double>(extent));
  }
  const auto size = static_cast<std::int64_t>(extents.size());
  return Tensor({size}, std::move(extents));
}

// known_shape() is of a node's first output; of a Split all have the rank that it tells.
bool tells_shape(const Node& node, const std::string& output) {
  return node.outputs.at(0) == output || node.op == "Split";
}

}  // namespace

std::optional<Shape> KnownValues::shape_of(const std::string& name, int depth) {
  const auto found = network_.values.find(name);
  if (found == network_.values.end() || depth > kDeepest) return std::nullopt;
  const Value& value = found->second;
  const bool ranked = ranked_.count(name) != 0;
  const bool whole = std::find(value.shape.begin(), value.shape.end(), kOpen) == value.shape.end();
  if (value.constant || (ranked && whole)) return value.shape;
  const auto before = shapes_.find(name);
  if (before != shapes_.end()) return before->second;
  std::optional<Shape> shape;
  if (const auto maker = makers_.find(name);
      maker != makers_.end() && tells_shape(network_.nodes[maker->second], name))
    shape = known_shape(network_.nodes[maker->second],
                        {[&](const std::string& input) { return shape_of(input, depth + 1); },
                         [&](const std::string& input) { return this->value(input, depth + 1); }});
  if (!shape && ranked) shape = value.shape;
  if (ranked && shape->size() == value.shape.size())  // what the operator leaves open the file may say
    for (std::size_t d = 0; d < shape->size(); ++d)
      if ((*shape)[d] == kOpen) (*shape)[d] = value.shape[d];
  shapes_[name] = shape;
  return shape;
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
  if (const auto given = given_.tensors.find(name);
      given != given_.tensors.end() && makers_.count(name) == 0) {
    const auto* numbers = std::get_if<Tensor>(&given->second);
    return numbers != nullptr && numbers->size() <= kMostElements ? std::optional<Tensor>(*numbers)
                                                                  : std::nullopt;
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
  if (node.op == "Shape" || node.op == "Size") {
    const auto shape = shape_of(node.inputs[0], depth + 1);
    if (!shape) return std::nullopt;
    if (node.op == "Shape") return shape_value(node, *shape);
    const bool whole = std::find(shape->begin(), shape->end(), kOpen) == shape->end();
    return Tensor({}, {whole ? static_cast<double>(element_count(*shape)) : NAN});
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

std::set<std::string> KnownValues::sources(const std::string& name) const {
  std::set<std::string> seen = {name}, found;
  std::vector<std::string> left = {name};
  while (!left.empty()) {
    const std::string value = std::move(left.back());
    left.pop_back();
    const auto maker = makers_.find(value);
    if (maker == makers_.end()) {
      if (std::find(network_.inputs.begin(), network_.inputs.end(), value) != network_.inputs.end())
        found.insert(value);
      continue;
    }
    for (const std::string& input : network_.nodes[maker->second].inputs)
      if (!input.empty() && seen.insert(input).second) left.push_back(input);
  }
  return found;
}

}  // namespace bpusim
