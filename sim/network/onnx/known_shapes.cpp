#include "sim/network/onnx/known_shapes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "kernels/norms/norm.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/vector/unary.h"

namespace bpusim {

namespace {

using Known = std::optional<Shape>;
using Integers = std::vector<std::int64_t>;

std::size_t from_front(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(axis < 0 ? axis + r : axis, 0, r));
}

// Integers of an attribute, or of a known input; nothing where an input that is there is not known.
std::optional<Integers> integers(const Node& node, const char* attribute, std::size_t input,
                                 const KnownInputs& known) {
  Integers list = node.attributes.get(attribute, Integers{});
  if (!list.empty() || input >= node.inputs.size() || node.inputs[input].empty()) return list;
  const auto value = known.value(node.inputs[input]);
  if (!value) return std::nullopt;
  for (const double v : value->values) {
    if (std::isnan(v)) return std::nullopt;
    list.push_back(static_cast<std::int64_t>(v));
  }
  return list;
}

std::int64_t broadcast(std::int64_t a, std::int64_t b) {
  if (a == 1) return b;
  if (b == 1) return a;
  return a == kOpen ? b : a;
}

Known broadcast(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (const Shape* s : {&a, &b})
    for (std::size_t d = 0; d < s->size(); ++d) {
      std::int64_t& extent = shape[d + shape.size() - s->size()];
      extent = broadcast(extent, (*s)[d]);
    }
  return shape;
}

Known of_all(const Node& node, const KnownInputs& known) {
  Shape shape;
  for (const std::string& input : node.inputs) {
    const Known next = known.shape(input);
    if (!next) return std::nullopt;
    shape = *broadcast(shape, *next);
  }
  return shape;
}

// Windows over the spatial axes, of a convolution or a pooling.
Known windows(const Node& node, const Shape& x, std::int64_t channels, const Integers& kernel) {
  if (x.size() < 3 || kernel.size() != x.size() - 2) return std::nullopt;
  const auto list = [&](const char* name, std::size_t size, std::int64_t fallback) {
    Integers values = node.attributes.get(name, Integers{});
    values.resize(size, fallback);
    return values;
  };
  const std::size_t spatial = kernel.size();
  const Integers strides = list("strides", spatial, 1), dilations = list("dilations", spatial, 1),
                 pads = list("pads", 2 * spatial, 0);
  const std::string automatic = node.attributes.get("auto_pad", std::string("NOTSET"));
  const bool same = automatic.rfind("SAME", 0) == 0,
             up = node.attributes.get("ceil_mode", std::int64_t{0}) != 0;
  Shape shape = {x[0], channels};
  for (std::size_t d = 0; d < spatial; ++d) {
    const std::int64_t extent = x[d + 2], stride = strides[d];
    if (extent == kOpen || stride < 1) {
      shape.push_back(kOpen);
      continue;
    }
    if (same) {
      shape.push_back((extent + stride - 1) / stride);
      continue;
    }
    const std::int64_t reach = extent + pads[d] + pads[d + spatial] - dilations[d] * (kernel[d] - 1) - 1;
    shape.push_back(std::max<std::int64_t>(0, (reach + (up ? stride - 1 : 0)) / stride + 1));
  }
  return shape;
}

Known convolution(const Node& node, const Shape& x, const KnownInputs& known) {
  const Known weights = node.inputs.size() > 1 ? known.shape(node.inputs[1]) : std::nullopt;
  if (!weights || weights->size() != x.size()) return std::nullopt;
  return windows(node, x, weights->front(), Integers(weights->begin() + 2, weights->end()));
}

Known product(const Node& node, const Shape& a, const KnownInputs& known) {
  const Known other = node.inputs.size() > 1 ? known.shape(node.inputs[1]) : std::nullopt;
  if (!other || a.size() < 2 || other->size() < 2) return std::nullopt;
  const Shape& b = *other;
  const bool gemm = node.op == "Gemm";
  const auto turned = [&](const char* name) {
    return gemm && node.attributes.get(name, std::int64_t{0}) != 0;
  };
  Shape shape = *broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  shape.push_back(a[a.size() - (turned("transA") ? 1 : 2)]);
  shape.push_back(b[b.size() - (turned("transB") ? 2 : 1)]);
  return shape;
}

Known transposed(const Node& node, const Shape& x) {
  Integers perm = node.attributes.get("perm", Integers{});
  if (perm.empty())
    for (std::size_t d = x.size(); d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
  Shape shape;
  for (const std::int64_t from : perm) {
    if (from < 0 || from >= static_cast<std::int64_t>(x.size())) return std::nullopt;
    shape.push_back(x[static_cast<std::size_t>(from)]);
  }
  return shape;
}

Known reshaped(const Node& node, const Shape& x, const KnownInputs& known) {
  const auto target = node.inputs.size() > 1 ? known.value(node.inputs[1]) : std::nullopt;
  if (!target) return std::nullopt;
  const bool whole = std::find(x.begin(), x.end(), kOpen) == x.end();
  Shape shape;
  std::int64_t rest = whole ? element_count(x) : kOpen;
  std::ptrdiff_t inferred = -1;
  for (std::size_t d = 0; d < target->values.size(); ++d) {
    const double v = target->values[d];
    std::int64_t extent = std::isnan(v) ? kOpen : static_cast<std::int64_t>(v);
    if (v == 0 && node.attributes.get("allowzero", std::int64_t{0}) == 0)
      extent = d < x.size() ? x[d] : kOpen;
    if (v == -1) inferred = static_cast<std::ptrdiff_t>(d);
    rest = extent == kOpen                    ? kOpen
           : v == -1                          ? rest
           : extent > 0 && rest % extent == 0 ? rest / extent
                                              : kOpen;
    shape.push_back(v == -1 ? kOpen : extent);
  }
  if (inferred >= 0) shape[static_cast<std::size_t>(inferred)] = rest;
  return shape;
}

Known squeezed(const Node& node, const Shape& x, const KnownInputs& known) {
  const auto axes = integers(node, "axes", 1, known);
  if (!axes) return std::nullopt;
  if (axes->empty() && std::find(x.begin(), x.end(), kOpen) != x.end()) return std::nullopt;
  std::vector<char> gone(x.size() + 1, 0);
  for (const std::int64_t axis : *axes) gone[from_front(axis, x.size())] = 1;
  Shape shape;
  for (std::size_t d = 0; d < x.size(); ++d)
    if (axes->empty() ? x[d] != 1 : gone[d] == 0) shape.push_back(x[d]);
  return shape;
}

Known unsqueezed(const Node& node, const Shape& x, const KnownInputs& known) {
  const auto axes = integers(node, "axes", 1, known);
  if (!axes) return std::nullopt;
  const std::size_t rank = x.size() + axes->size();
  std::vector<char> fresh(rank + 1, 0);
  for (const std::int64_t axis : *axes) fresh[from_front(axis, rank)] = 1;
  Shape shape;
  std::size_t next = 0;
  for (std::size_t d = 0; d < rank; ++d) shape.push_back(fresh[d] != 0 || next >= x.size() ? 1 : x[next++]);
  return shape;
}

Known reduced(const Node& node, const Shape& x, const KnownInputs& known) {
  const auto axes = integers(node, "axes", 1, known);
  if (!axes) return std::nullopt;
  if (axes->empty() && node.attributes.get("noop_with_empty_axes", std::int64_t{0}) != 0) return x;
  std::vector<char> over(x.size() + 1, axes->empty() ? 1 : 0);
  for (const std::int64_t axis : *axes) over[from_front(axis, x.size())] = 1;
  const bool keep = node.attributes.get("keepdims", std::int64_t{1}) != 0;
  Shape shape;
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (over[d] == 0)
      shape.push_back(x[d]);
    else if (keep)
      shape.push_back(1);
  }
  return shape;
}

Known joined(const Node& node, const Shape& x, const KnownInputs& known) {
  Shape shape = x;
  const std::size_t axis = from_front(node.attributes.get("axis", std::int64_t{1}), x.size());
  if (axis >= x.size()) return std::nullopt;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const Known next = known.shape(node.inputs[i]);
    if (!next || next->size() != x.size()) return std::nullopt;
    const std::int64_t more = (*next)[axis];
    shape[axis] = shape[axis] == kOpen || more == kOpen ? kOpen : shape[axis] + more;
  }
  return shape;
}

Known flattened(const Node& node, const Shape& x) {
  const std::size_t axis = from_front(node.attributes.get("axis", std::int64_t{1}), x.size());
  Shape shape = {1, 1};
  for (std::size_t d = 0; d < x.size(); ++d) shape[d < axis ? 0 : 1] *= x[d];
  return shape;
}

Known gathered(const Node& node, const Shape& x, const KnownInputs& known) {
  const Known indices = node.inputs.size() > 1 ? known.shape(node.inputs[1]) : std::nullopt;
  const std::size_t axis = from_front(node.attributes.get("axis", std::int64_t{0}), x.size());
  if (!indices || axis >= x.size()) return std::nullopt;
  Shape shape(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices->begin(), indices->end());
  shape.insert(shape.end(), x.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.end());
  return shape;
}

// Of the extents that a Shape gives, from its start to its end.
std::int64_t extents_taken(const Node& node, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  const std::size_t start = from_front(node.attributes.get("start", std::int64_t{0}), rank),
                    end = from_front(node.attributes.get("end", r), rank);
  return end > start ? static_cast<std::int64_t>(end - start) : 0;
}

// Y of an LSTM, a GRU or an RNN: steps, directions, batch, hidden.
Known recurrent(const Node& node, const Shape& x, const KnownInputs& known) {
  const Known weights = node.inputs.size() > 2 ? known.shape(node.inputs[2]) : std::nullopt;
  if (x.size() != 3 || !weights || weights->size() != 3) return std::nullopt;
  const std::int64_t directions = weights->front(), hidden = weights->back();
  if (node.attributes.get("layout", std::int64_t{0}) != 0) return Shape{x[0], x[1], directions, hidden};
  return Shape{x[0], directions, x[1], hidden};
}

// Of operators of which the rank alone is told here.
bool keeps_rank(const std::string& op) {
  static const char* const all[] = {"Slice", "Pad", "Tile", "Resize", "Upsample", "Split", "ConvTranspose"};
  return std::find(std::begin(all), std::end(all), op) != std::end(all);
}

// Of operators that keep their first input's shape.
bool keeps_shape(const std::string& op) {
  static const char* const others[] = {
      "Relu",    "Softmax",        "LogSoftmax",       "Hardmax",   "Identity",
      "Dropout", "Cast",           "CastLike",         "LRN",       "Trilu",
      "CumSum",  "QuantizeLinear", "DequantizeLinear", "ScatterND", "ScatterElements",
      "Scatter", "ReverseSequence"};
  return find_unary(op) != nullptr || find_norm(op) != nullptr ||
         std::find(std::begin(others), std::end(others), op) != std::end(others);
}

}  // namespace

std::optional<Shape> known_shape(const Node& node, const KnownInputs& known) {
  if (node.inputs.empty() || node.inputs[0].empty()) return std::nullopt;
  const std::string& op = node.op;
  if (is_binary(op) || op == "Sum" || op == "Mean" || op == "Where") return of_all(node, known);
  const Known first = known.shape(node.inputs[0]);
  if (!first) return std::nullopt;
  const Shape& x = *first;
  if (op == "Size") return Shape{};
  if (op == "Shape") return Shape{extents_taken(node, x.size())};
  if (keeps_shape(op)) return x;
  if (op == "Conv") return convolution(node, x, known);
  if (op == "MaxPool" || op == "AveragePool")
    return windows(node, x, x.size() > 1 ? x[1] : kOpen, node.attributes.get("kernel_shape", Integers{}));
  if ((op == "GlobalAveragePool" || op == "GlobalMaxPool") && x.size() > 2) {
    Shape shape(x.size(), 1);
    std::copy(x.begin(), x.begin() + 2, shape.begin());
    return shape;
  }
  if (op == "MatMul" || op == "Gemm") return product(node, x, known);
  if (op == "Transpose") return transposed(node, x);
  if (op == "Reshape") return reshaped(node, x, known);
  if (op == "Flatten") return flattened(node, x);
  if (op == "Squeeze") return squeezed(node, x, known);
  if (op == "Unsqueeze") return unsqueezed(node, x, known);
  if (op == "Concat") return joined(node, x, known);
  if (op == "Gather") return gathered(node, x, known);
  if (op.rfind("Reduce", 0) == 0) return reduced(node, x, known);
  if (op == "LSTM" || op == "GRU" || op == "RNN") return recurrent(node, x, known);
  if (keeps_rank(op)) return Shape(x.size(), kOpen);
  return std::nullopt;
}

}  // namespace bpusim
