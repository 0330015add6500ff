#include "sim/run/golden.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "kernels/conv.h"
#include "kernels/norm_golden.h"
#include "kernels/pool.h"
#include "kernels/random.h"
#include "kernels/tensor_math.h"
#include "kernels/text.h"
#include "kernels/unary.h"
#include "kernels/view.h"
#include "sim/input_error.h"

namespace bpusim {

namespace {

[[noreturn]] void refuse(const Node& node, const std::string& what) {
  throw std::invalid_argument(node.op + ": " + what);
}

NormProblem problem_of(const Node& node, const std::vector<Tensor>& inputs) {
  NormArguments arguments;
  arguments.attributes = node.attributes;
  arguments.opset = node.opset;
  arguments.shape = inputs.at(0).shape;
  arguments.constants.assign(inputs.begin() + 1, inputs.end());
  return resolve_norm(*find_norm(node.op), arguments);
}

Tensor vector_of(const std::vector<double>& values) {
  return Tensor({static_cast<std::int64_t>(values.size())}, values);
}

std::vector<Tensor> evaluate_norm(const Node& node, const std::vector<Tensor>& inputs) {
  const NormProblem problem = problem_of(node, inputs);
  GoldenNorm golden = golden_norm(problem, inputs[0].values);
  std::vector<Tensor> outputs = {Tensor(inputs[0].shape, std::move(golden.y))};
  if (!problem.running_mean.empty()) {
    outputs.push_back(vector_of(golden.running_mean));
    outputs.push_back(vector_of(golden.running_variance));
  } else {
    outputs.push_back(vector_of(golden.mean));
    outputs.push_back(vector_of(golden.inverse_deviation));
  }
  return outputs;
}

std::vector<Tensor> evaluate_conv(const Node& node, const std::vector<Tensor>& inputs) {
  if (inputs.size() < 2) refuse(node, "needs weights");
  const ConvProblem problem = resolve_conv(node.attributes, inputs[0].shape, inputs[1].shape);
  const auto bias = inputs.size() > 2 ? inputs[2].values : std::vector<double>{};
  if (!bias.empty() && static_cast<std::int64_t>(bias.size()) != problem.oc)
    refuse(node, "bias has " + std::to_string(bias.size()) + " values for " + std::to_string(problem.oc) +
                     " channels");
  return {golden_conv(problem, inputs[0], inputs[1], bias, inputs[0].shape.size())};
}

std::size_t axis_of(const Node& node, const Shape& shape) {
  std::int64_t axis = node.attributes.get("axis", std::int64_t{0});
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < -rank || axis >= rank)
    refuse(node, "axis " + std::to_string(axis) + " is out of range for " + to_string(shape));
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

// Rows of a tensor cut at an axis: outer x (extent at the axis x inner).
struct Rows {
  std::int64_t outer = 1, inner = 1;
};
Rows rows_at(const Shape& shape, std::size_t axis) {
  Rows rows;
  for (std::size_t d = 0; d < shape.size(); ++d)
    (d < axis ? rows.outer : rows.inner) *= d == axis ? 1 : shape[d];
  return rows;
}

std::vector<Tensor> evaluate_split(const Node& node, const std::vector<Tensor>& inputs) {
  const Tensor& x = inputs.at(0);
  const std::size_t axis = axis_of(node, x.shape);
  std::vector<std::int64_t> pieces = node.attributes.get("split", std::vector<std::int64_t>{});
  if (pieces.empty() && inputs.size() > 1)
    for (const double v : inputs[1].values) pieces.push_back(static_cast<std::int64_t>(v));
  if (pieces.empty()) {  // equal shares, the last one smaller
    const auto parts = static_cast<std::int64_t>(node.outputs.size());
    const std::int64_t each = (x.shape[axis] + parts - 1) / parts;
    for (std::int64_t at = 0; at < x.shape[axis]; at += each)
      pieces.push_back(std::min(each, x.shape[axis] - at));
  }
  std::int64_t total = 0;
  for (const std::int64_t piece : pieces) total += piece;
  if (total != x.shape[axis])
    refuse(node, "the pieces add up to " + std::to_string(total) + ", not " + std::to_string(x.shape[axis]));
  const Rows rows = rows_at(x.shape, axis);
  std::vector<Tensor> outputs;
  std::int64_t begin = 0;
  for (const std::int64_t piece : pieces) {
    Shape shape = x.shape;
    shape[axis] = piece;
    std::vector<double> values;
    for (std::int64_t r = 0; r < rows.outer; ++r) {
      const auto first = x.values.begin() + (r * x.shape[axis] + begin) * rows.inner;
      values.insert(values.end(), first, first + piece * rows.inner);
    }
    outputs.emplace_back(shape, std::move(values));
    begin += piece;
  }
  return outputs;
}

std::vector<Tensor> evaluate_concat(const Node& node, const std::vector<Tensor>& inputs) {
  const std::size_t axis = axis_of(node, inputs.at(0).shape);
  Shape shape = inputs[0].shape;
  shape[axis] = 0;
  for (const Tensor& x : inputs) {
    if (x.shape.size() != shape.size()) refuse(node, "inputs of different rank");
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (d != axis && x.shape[d] != shape[d])
        refuse(node, to_string(x.shape) + " does not fit beside " + to_string(inputs[0].shape));
    shape[axis] += x.shape[axis];
  }
  const Rows rows = rows_at(shape, axis);
  std::vector<double> values;
  for (std::int64_t r = 0; r < rows.outer; ++r)
    for (const Tensor& x : inputs) {
      const std::int64_t run = x.shape[axis] * rows.inner;
      values.insert(values.end(), x.values.begin() + r * run, x.values.begin() + (r + 1) * run);
    }
  return {Tensor(shape, std::move(values))};
}

// Integers of an attribute, or of an input where newer opsets have it.
std::vector<std::int64_t> list_of(const Node& node, const char* name, const std::vector<Tensor>& inputs,
                                  std::size_t input) {
  auto values = node.attributes.get(name, std::vector<std::int64_t>{});
  if (values.empty() && input < inputs.size())
    for (const double v : inputs[input].values) values.push_back(static_cast<std::int64_t>(v));
  return values;
}

Tensor evaluate_gemm(const Node& node, const std::vector<Tensor>& inputs) {
  if (inputs.size() < 2 || inputs[0].shape.size() != 2 || inputs[1].shape.size() != 2)
    refuse(node, "needs two matrices");
  const auto flag = [&](const char* name) { return node.attributes.get(name, std::int64_t{0}) != 0; };
  Tensor y = matmul(flag("transA") ? transpose_last(inputs[0]) : inputs[0],
                    flag("transB") ? transpose_last(inputs[1]) : inputs[1]);
  for (double& v : y.values) v *= node.attributes.get("alpha", 1.0);
  if (inputs.size() < 3 || inputs[2].values.empty()) return y;
  Tensor c = inputs[2];
  for (double& v : c.values) v *= node.attributes.get("beta", 1.0);
  return binary("Add", y, c);
}

Tensor evaluate_pad(const Node& node, const std::vector<Tensor>& inputs) {
  if (node.attributes.get("mode", std::string("constant")) != "constant")
    refuse(node, "only constant padding is supported");
  const double value = inputs.size() > 2 && !inputs[2].values.empty() ? inputs[2].values[0]
                                                                      : node.attributes.get("value", 0.0);
  return pad(inputs[0], list_of(node, "pads", inputs, 1), value);
}

// Shape, with the start and end of opset 15.
Tensor shape_tensor(const Node& node, const Shape& whole) {
  const auto rank = static_cast<std::int64_t>(whole.size());
  const auto bound = [&](const char* name, std::int64_t fallback) {
    const std::int64_t at = node.attributes.get(name, fallback);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  const Shape shape(whole.begin() + start, whole.begin() + end);
  return Tensor({static_cast<std::int64_t>(shape.size())}, std::vector<double>(shape.begin(), shape.end()));
}

// Element types are those of ONNX's TensorProto: float and double keep the value, integers cut it off.
Tensor evaluate_cast(const Node& node, Tensor x) {
  const std::int64_t to = node.attributes.get("to", std::int64_t{1});
  const bool integer = to == 2 || to == 3 || to == 5 || to == 6 || to == 7;
  if (!integer && to != 1 && to != 11 && to != 9)
    refuse(node, "to element type " + std::to_string(to) + " is not supported");
  for (double& v : x.values) {
    if (integer) v = std::trunc(v);
    if (to == 9) v = v != 0 ? 1 : 0;
  }
  return x;
}

std::vector<Tensor> evaluate_dropout(const Node& node, const std::vector<Tensor>& inputs) {
  if (inputs.size() > 2 && !inputs[2].values.empty() && inputs[2].values[0] != 0)
    refuse(node, "training mode is not supported: export the model for inference");
  return {inputs[0], Tensor::filled(inputs[0].shape, 1)};
}

Tensor evaluate_reduce(const Node& node, const std::vector<Tensor>& inputs) {
  const auto axes = list_of(node, "axes", inputs, 1);
  if (axes.empty() && node.attributes.get("noop_with_empty_axes", std::int64_t{0}) != 0) return inputs[0];
  return reduce(node.op, inputs[0], axes, node.attributes.get("keepdims", std::int64_t{1}) != 0);
}

// Operators of whole networks beside norms and convolutions; nothing where the operator is none of them.
std::vector<Tensor> evaluate_general(const Node& node, const std::vector<Tensor>& inputs) {
  const std::string& op = node.op;
  const Tensor& x = inputs[0];
  const std::vector<Tensor> rest(inputs.begin() + 1, inputs.end());
  if (is_binary(op) && inputs.size() == 2) return {binary(op, x, inputs[1])};
  if (find_unary(op) != nullptr) {
    const RealFunction function = unary_function(op, node.attributes, rest);
    Tensor y = x;
    for (double& v : y.values) v = function(v);
    return {y};
  }
  if (op == "MaxPool" && node.outputs.size() > 1) refuse(node, "the output of indices is not supported");
  if (op == "MaxPool" || op == "AveragePool" || op == "GlobalMaxPool" || op == "GlobalAveragePool")
    return {golden_pool(resolve_pool(op, node.attributes, x.shape), x)};
  if (op == "ConvTranspose" && inputs.size() > 1)
    return {golden_conv_transpose(node.attributes, x, inputs[1],
                                  inputs.size() > 2 ? inputs[2].values : std::vector<double>{})};
  if (op == "Cast") return {evaluate_cast(node, x)};
  if (op == "Dropout") return evaluate_dropout(node, inputs);
  if (is_view(op)) {
    const View view = resolve_view(op, node.attributes, x.shape, rest);
    return {Tensor(view.shape, apply_view(view, x.values))};
  }
  if (op == "Gemm") return {evaluate_gemm(node, inputs)};
  if (op == "MatMul" && inputs.size() == 2) return {matmul(x, inputs[1])};
  if (op == "Softmax")
    return {softmax(x, node.attributes.get("axis", std::int64_t{node.opset < 13 ? 1 : -1}))};
  if (op.rfind("Reduce", 0) == 0) return {evaluate_reduce(node, inputs)};
  if (op == "Pad") return {evaluate_pad(node, inputs)};
  if (op == "Gather" && inputs.size() == 2)
    return {gather(x, inputs[1], node.attributes.get("axis", std::int64_t{0}))};
  if (op == "Shape") return {shape_tensor(node, x.shape)};
  return {};
}

Tensor evaluate_random(const Node& node, const Shape& shape) {
  return random_normal(shape, node.attributes.get("mean", 0.0), node.attributes.get("scale", 1.0),
                       static_cast<std::uint64_t>(node.attributes.get("seed", 0.0)));
}

}  // namespace

bool has_definition(const std::string& op) {
  static const char* const others[] = {"Conv",
                                       "ConvTranspose",
                                       "Relu",
                                       "Split",
                                       "Concat",
                                       "RandomNormal",
                                       "RandomNormalLike",
                                       "StringNormalizer",
                                       "MaxPool",
                                       "AveragePool",
                                       "GlobalMaxPool",
                                       "GlobalAveragePool",
                                       "Gemm",
                                       "MatMul",
                                       "Softmax",
                                       "ReduceMean",
                                       "ReduceSum",
                                       "ReduceMax",
                                       "ReduceMin",
                                       "ReduceL1",
                                       "ReduceL2",
                                       "Pad",
                                       "Gather",
                                       "Shape"};
  if (find_norm(op) != nullptr || find_unary(op) != nullptr || is_binary(op) || is_view(op)) return true;
  for (const char* other : others)
    if (op == other) return true;
  return false;
}

std::vector<Tensor> evaluate(const Node& node, const std::vector<Tensor>& inputs) {
  if (node.op != "RandomNormal" && inputs.empty()) refuse(node, "has no input");
  for (const Tensor& x : inputs)
    for (const double v : x.values)
      if (std::isnan(v)) refuse(node, "an input holds NaN, which no integer can stand for");
  if (find_norm(node.op) != nullptr) return evaluate_norm(node, inputs);
  if (node.op == "Conv") return evaluate_conv(node, inputs);
  if (node.op == "Relu") return {binary("Max", inputs[0], Tensor({}, {0}))};
  if (node.op == "Split") return evaluate_split(node, inputs);
  if (node.op == "Concat") return evaluate_concat(node, inputs);
  if (node.op == "RandomNormal")
    return {evaluate_random(node, node.attributes.get("shape", std::vector<std::int64_t>{}))};
  if (node.op == "RandomNormalLike") return {evaluate_random(node, inputs[0].shape)};
  std::vector<Tensor> outputs = evaluate_general(node, inputs);
  if (outputs.empty()) throw std::invalid_argument("operator " + node.op + " has no definition here");
  return outputs;
}

NormProblem norm_problem(const Node& node, const Network& network, const Shape& shape) {
  std::vector<Tensor> inputs = {Tensor()};
  inputs[0].shape = shape;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const auto found = network.values.find(node.inputs[i]);
    if (node.inputs[i].empty()) {
      inputs.emplace_back(Shape{0}, std::vector<double>{});
    } else if (found == network.values.end() || !found->second.data) {
      throw std::invalid_argument(node.op + ": input '" + node.inputs[i] + "' must be a constant");
    } else {
      inputs.push_back(*found->second.data);
    }
  }
  return problem_of(node, inputs);
}

namespace {

bool is_integer(DType dtype) {
  return dtype == DType::Int32 || dtype == DType::Int64;
}

// Which values hold integers: divisions of those cut off, as shape arithmetic expects.
class IntegerValues {
 public:
  explicit IntegerValues(const Network& network) {
    for (const auto& [name, value] : network.values)
      if (is_integer(value.dtype)) names_.insert(name);
  }
  bool all(const Node& node) const {
    return !node.inputs.empty() &&
           std::all_of(node.inputs.begin(), node.inputs.end(),
                       [&](const std::string& name) { return name.empty() || names_.count(name) != 0; });
  }
  void note(const Node& node) {
    const std::int64_t to = node.op == "Cast" ? node.attributes.get("to", std::int64_t{1}) : 0;
    const bool integer = node.op == "Shape" || (node.op == "Cast" ? to == 6 || to == 7 : all(node));
    if (integer) names_.insert(node.outputs.begin(), node.outputs.end());
  }

 private:
  std::set<std::string> names_;
};

}  // namespace

namespace {

// A tensor of the right shape for operators whose arithmetic is most of the work: enough where only timing
// counts.
std::vector<Tensor> stand_in(const Node& node, const std::vector<Tensor>& inputs) {
  if (inputs.size() < 2 || (node.op != "Conv" && node.op != "MatMul" && node.op != "Gemm")) return {};
  if (node.op == "Conv")
    return {Tensor::filled(conv_output_shape(resolve_conv(node.attributes, inputs[0].shape, inputs[1].shape),
                                             inputs[0].shape.size()),
                           1)};
  const bool transposed = node.op == "Gemm" && node.attributes.get("transB", std::int64_t{0}) != 0;
  Shape shape = inputs[0].shape;
  if (shape.empty() || inputs[1].shape.size() != 2) return {};
  shape.back() = transposed ? inputs[1].shape[0] : inputs[1].shape[1];
  return {Tensor::filled(shape, 1)};
}

}  // namespace

namespace {

void refuse_nan(const Node& node, const std::vector<Tensor>& outputs) {
  for (const Tensor& y : outputs)
    if (std::any_of(y.values.begin(), y.values.end(), [](double v) { return std::isnan(v); }))
      refuse(node, "its result holds NaN, which no integer can stand for");
}

}  // namespace

GoldenValues evaluate(const Network& network) {
  GoldenValues golden;
  IntegerValues integers(network);
  for (const auto& [name, value] : network.values) {
    if (value.data) golden.numbers[name] = *value.data;
    if (value.text) golden.text[name] = *value.text;
  }
  for (const Node& node : network.nodes) {
    try {
      if (node.op == "StringNormalizer") {
        golden.text[node.outputs.at(0)] =
            normalise_strings(golden.text.at(node.inputs.at(0)), node.attributes);
        continue;
      }
      std::vector<Tensor> inputs;
      for (const std::string& input : node.inputs)
        inputs.push_back(input.empty() ? Tensor({0}, {}) : golden.numbers.at(input));
      std::vector<Tensor> outputs;
      if (network.shapes_only) outputs = stand_in(node, inputs);
      if (outputs.empty()) outputs = evaluate(node, inputs);
      refuse_nan(node, outputs);
      if (node.op == "Div" && integers.all(node))
        for (double& v : outputs.at(0).values) v = std::trunc(v);
      integers.note(node);
      for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i)
        if (!node.outputs[i].empty()) golden.numbers[node.outputs[i]] = outputs[i];
    } catch (const std::invalid_argument& error) {
      throw InputError(node.name + ": " + error.what());
    } catch (const std::out_of_range&) {
      throw InputError(node.name + ": " + node.op + " lacks an input that has a value");
    }
  }
  return golden;
}

}  // namespace bpusim
