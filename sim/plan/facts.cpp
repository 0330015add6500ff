#include "sim/plan/facts.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "sim/operators/operator.h"

namespace bpusim {

namespace {

using Numbers = std::vector<double>;

const char* yes_or_no(bool value) {
  return value ? "yes" : "no";
}

double at(const Shape& shape, std::size_t axis) {
  return axis < shape.size() ? static_cast<double>(shape[axis]) : 1;
}

double up_to(double value, double multiple) {
  return std::ceil(value / multiple) * multiple;
}

bool is_one_of(const std::string& op, const std::set<std::string>& ops) {
  return ops.count(op) != 0;
}

// Extent on an axis of `rank`, with extents of 1 before those that the shape has.
std::int64_t extent(const Shape& shape, std::size_t axis, std::size_t rank) {
  return axis + shape.size() < rank ? 1 : shape[axis + shape.size() - rank];
}

double changed_axes(const Shape& from, const Shape& onto) {
  const std::size_t rank = std::max(from.size(), onto.size());
  double changed = 0;
  for (std::size_t d = 0; d < rank; ++d) changed += extent(from, d, rank) != extent(onto, d, rank) ? 1 : 0;
  return changed;
}

struct Shapes {
  Shape data;                  ///< of the first input that is computed
  std::vector<Shape> tensors;  ///< computed inputs, then outputs
  std::vector<Shape> outputs;
};

Shapes shapes_of(const Operation& operation, const Network& network) {
  Shapes shapes;
  const std::size_t inputs = operation.node.inputs.size();
  for (std::size_t i = 0; i < inputs; ++i)
    if (operation.given(i) && operation.constant[i] == 0) shapes.tensors.push_back(operation.shapes[i]);
  for (const std::string& output : operation.node.outputs)
    if (!output.empty()) shapes.outputs.push_back(network.shape_of(output));
  if (!shapes.tensors.empty()) {
    shapes.data = shapes.tensors[0];
  } else if (operation.given(0)) {
    shapes.data = operation.shapes[0];
  } else if (!shapes.outputs.empty()) {
    shapes.data = shapes.outputs[0];
  }
  shapes.tensors.insert(shapes.tensors.end(), shapes.outputs.begin(), shapes.outputs.end());
  return shapes;
}

void add_shape_facts(const Shapes& shapes, OperatorFacts& facts) {
  const Shape& data = shapes.data;
  const double n = at(data, 0), c = at(data, 1), h = at(data, 2), w = at(data, 3);
  double chw = 1;
  for (std::size_t d = 1; d < data.size(); ++d) chw *= at(data, d);
  facts.number("rank", static_cast<double>(data.size()));
  facts.number("n", n);
  facts.number("c", c);
  facts.number("h", h);
  facts.number("w", w);
  facts.number("chw", chw);
  facts.number("hw", h * w);
  facts.number("aligned_8w4c_32c", std::min(up_to(c, 4) * h * up_to(w, 8), up_to(c, 32) * h * w));
  Numbers ranks, channels, sizes;
  double elements = 0;
  for (const Shape& shape : shapes.tensors) {
    ranks.push_back(static_cast<double>(shape.size()));
    channels.push_back(at(shape, 1));
    for (std::size_t d = 1; d < shape.size(); ++d) sizes.push_back(at(shape, d));
    elements = std::max(elements, static_cast<double>(element_count(shape)));
  }
  facts.numbers("ranks", ranks);
  facts.numbers("channels", channels);
  facts.numbers("sizes", sizes);
  facts.number("elements", elements);
  facts.number("changed_axes", shapes.outputs.empty() ? 0 : changed_axes(data, shapes.outputs[0]));
}

void add_operand_facts(const Operation& operation, OperatorFacts& facts) {
  double constants = 0, computed = 0;
  Numbers ranks;
  for (std::size_t i = 0; i < operation.node.inputs.size(); ++i) {
    if (!operation.given(i)) continue;
    (operation.constant[i] != 0 ? constants : computed) += 1;
    ranks.push_back(static_cast<double>(operation.shapes[i].size()));
  }
  facts.numbers("operand_ranks", ranks);
  facts.number("constant_operands", constants);
  facts.number("computed_operands", computed);
  if (!operation.given(1)) return;
  facts.number("second_elements", static_cast<double>(element_count(operation.shape(1))));
  facts.word("second_constant", yes_or_no(operation.constant[1] != 0));
}

// Who of two operands is broadcast on an axis of the output: 0 for none, else 1 or 2.
int broadcast_on(const Shape& a, const Shape& b, std::size_t axis, std::size_t rank) {
  const std::int64_t first = extent(a, axis, rank), second = extent(b, axis, rank);
  if (first == second) return 0;
  return first == 1 ? 1 : 2;
}

std::string kind_of_broadcast(const Shape& a, const Shape& b, const Numbers& axes, bool first, bool second) {
  if (axes.empty()) return "none";
  if (first && second) return "mutual";
  const Shape& small = first ? a : b;
  if (element_count(small) == 1) return "scalar";
  return small.size() == 4 && axes == Numbers{2, 3} ? "channels" : "one_sided";
}

void add_broadcast_facts(const Operation& operation, OperatorFacts& facts) {
  const Shape &a = operation.shape(0), &b = operation.shape(1);
  const std::size_t rank = std::max(a.size(), b.size());
  Numbers axes;
  bool first = false, second = false;
  double merged = 0;
  int last = -1;
  for (std::size_t d = 0; d < rank; ++d) {
    const int who = broadcast_on(a, b, d, rank);
    first = first || who == 1;
    second = second || who == 2;
    if (who != 0) axes.push_back(static_cast<double>(d));
    if (extent(a, d, rank) == 1 && extent(b, d, rank) == 1) continue;
    if (who != last) merged += 1;
    last = who;
  }
  facts.numbers("broadcast_axes", axes);
  facts.number("merged_rank", merged);
  facts.word("broadcast", kind_of_broadcast(a, b, axes, first, second));
}

double from_front(std::int64_t axis, std::size_t rank) {
  return static_cast<double>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

void add_axes_facts(const std::vector<std::int64_t>& given, const Shape& data, OperatorFacts& facts) {
  Numbers axes, from_back, extents;
  for (const std::int64_t axis : given) axes.push_back(from_front(axis, data.size()));
  std::sort(axes.begin(), axes.end());
  for (const double axis : axes) {
    from_back.push_back(axis - static_cast<double>(data.size()));
    extents.push_back(axis < 0 ? 1 : at(data, static_cast<std::size_t>(axis)));
  }
  facts.numbers("axes", axes);
  facts.numbers("axes_from_back", from_back);
  facts.numbers("axis_size", extents);
  facts.number("axes_count", static_cast<double>(axes.size()));
  if (axes.size() == 1) facts.number("axis", axes[0]);
}

// Axis of the operators that have one, with its default; absent for others.
std::optional<std::int64_t> axis_attribute(const Node& node) {
  const std::string& op = node.op;
  const auto given = [&](std::int64_t fallback) { return node.attributes.get("axis", fallback); };
  if (is_one_of(op, {"ArgMax", "ArgMin", "Gather", "GatherElements", "Split"})) return given(0);
  if (is_one_of(op, {"Softmax", "LogSoftmax", "Hardmax"})) return given(node.opset < 13 ? 1 : -1);
  if (is_one_of(op, {"LayerNormalization", "TopK", "LpNormalization"})) return given(-1);
  if (op == "Concat" && node.attributes.ints.count("axis") != 0) return given(0);
  return std::nullopt;
}

void add_reduction_facts(const Operation& operation, const Shape& data, OperatorFacts& facts) {
  auto axes = operation.integers("axes", 1);
  if (axes.empty() && operation.node.attributes.get("noop_with_empty_axes", std::int64_t{0}) == 0)
    for (std::size_t d = 0; d < data.size(); ++d) axes.push_back(static_cast<std::int64_t>(d));
  add_axes_facts(axes, data, facts);
}

// The axes that a LayerNormalization goes over, all from its own on.
void add_trailing_axes(std::int64_t axis, const Shape& data, OperatorFacts& facts) {
  std::vector<std::int64_t> axes;
  for (auto d = static_cast<std::int64_t>(from_front(axis, data.size()));
       d < static_cast<std::int64_t>(data.size()); ++d)
    axes.push_back(d);
  add_axes_facts(axes, data, facts);
}

void add_product_facts(const Operation& operation, OperatorFacts& facts) {
  const Shape &a = operation.shape(0), &b = operation.shape(1);
  if (a.empty() || b.empty()) return;
  const auto transposed = [&](const char* name) {
    return operation.node.attributes.get(name, std::int64_t{0}) != 0;
  };
  const auto last = [](const Shape& shape, std::size_t back) {
    return shape.size() < back ? 1.0 : static_cast<double>(shape[shape.size() - back]);
  };
  facts.number("rows", last(a, transposed("transA") ? 1 : 2));
  facts.number("inner", last(a, transposed("transA") ? 2 : 1));
  facts.number("columns", b.size() == 1 ? 1 : last(b, transposed("transB") ? 2 : 1));
  double stacked = 1;
  for (std::size_t d = 0; d + 2 < b.size(); ++d) stacked *= static_cast<double>(b[d]);
  facts.number("stacked_second", stacked);
  facts.word("ranks_differ", yes_or_no(a.size() != b.size()));
  // What of a stack is repeated: an extent of 1 beside another.
  bool first = false, second = false, kept = false, kept_behind = false;
  const std::size_t rank = std::max(a.size(), b.size());
  for (std::size_t d = 0; d + 2 < rank; ++d) {
    const int who = broadcast_on(a, b, d, rank);
    const bool counts = who == 0 && extent(a, d, rank) != 1;
    kept = kept || counts;
    kept_behind = kept_behind || (counts && second);
    first = first || who == 1;
    second = second || who == 2;
  }
  facts.word("batch_broadcast", first && (second || kept) ? "mixed"
                                : first                   ? "first"
                                : !second                 ? "none"
                                : !kept                   ? "second"
                                : kept_behind             ? "mixed"
                                                          : "second_inner");
}

// Factors of a Resize as the output has them: what its scales or sizes come to.
void add_resize_facts(const Operation& operation, const Shapes& shapes, OperatorFacts& facts) {
  const Node& node = operation.node;
  facts.word("mode", node.attributes.get("mode", std::string("nearest")));
  facts.word("coordinates",
             node.attributes.get(
                 "coordinate_transformation_mode",
                 std::string(node.op == "Upsample" || node.opset < 11 ? "asymmetric" : "half_pixel")));
  const Shape &x = shapes.data, &y = shapes.outputs.at(0);
  Numbers axes;
  for (std::size_t d = 0; d < x.size() && d < y.size(); ++d)
    if (x[d] != y[d]) axes.push_back(static_cast<double>(d));
  facts.numbers("resized_axes", axes);
  if (operation.tensors.size() > 1) return;  // a target that is computed
  facts.number("factor_h", at(y, 2) / at(x, 2));
  facts.number("factor_w", at(y, 3) / at(x, 3));
}

void add_pad_facts(const Operation& operation, OperatorFacts& facts) {
  facts.word("mode", operation.node.attributes.get("mode", std::string("constant")));
  if (operation.given(3) || !operation.known(1)) return;  // axes of their own, or pads that are computed
  const auto pads = operation.integers("pads", 1);
  Numbers axes;
  for (std::size_t d = 0; 2 * d < pads.size(); ++d)
    if (pads[d] != 0 || pads[d + pads.size() / 2] != 0) axes.push_back(static_cast<double>(d));
  facts.numbers("padded_axes", axes);
}

void add_index_facts(const Operation& operation, OperatorFacts& facts) {
  const char* kinds = operation.constant.at(1) != 0 ? "constant" : nullptr;
  facts.word("indices", kinds != nullptr ? kinds : to_string(operation.dtype(1)));
  if (operation.node.op != "GatherElements") return;
  const Shape &x = operation.shape(0), &i = operation.shape(1);
  const std::size_t axis = axis_of(operation.node, "axis", 0, x.size());
  bool within = x.size() == i.size();
  for (std::size_t d = 0; d < x.size() && within; ++d) within = d == axis || i[d] <= x[d];
  facts.word("indices_within", yes_or_no(within));
}

void add_attribute_facts(const Operation& operation, const Shapes& shapes, OperatorFacts& facts) {
  const Node& node = operation.node;
  const auto number = [&](const char* name, std::int64_t fallback) {
    facts.number(name, static_cast<double>(node.attributes.get(name, fallback)));
  };
  if (node.op.rfind("Reduce", 0) == 0 || node.op == "ArgMax" || node.op == "ArgMin") number("keepdims", 1);
  if (node.op == "Split") {
    const bool equal = std::all_of(shapes.outputs.begin(), shapes.outputs.end(),
                                   [&](const Shape& part) { return part == shapes.outputs[0]; });
    facts.word("equal_parts", yes_or_no(equal));
  }
  if (node.op == "DepthToSpace" || node.op == "SpaceToDepth") {
    facts.number("block", static_cast<double>(node.attributes.get("blocksize", std::int64_t{1})));
    facts.word("mode", node.attributes.get("mode", std::string("DCR")));
  }
  if (node.op == "GridSample") {
    facts.word("mode", node.attributes.get("mode", std::string("bilinear")));
    facts.word("padding_mode", node.attributes.get("padding_mode", std::string("zeros")));
  }
  if (is_one_of(node.op, {"LpNormalization", "LpPool", "GlobalLpPool"})) number("p", 2);
  if (node.op == "TopK") number("sorted", 1);
  if (is_one_of(node.op, {"LSTM", "GRU", "RNN"}))
    facts.word("direction", node.attributes.get("direction", std::string("forward")));
  if (node.op == "Softmax") facts.word("one_row", yes_or_no(node.opset < 13));
}

void add_family_facts(const Operation& operation, const Shapes& shapes, OperatorFacts& facts) {
  const std::string& op = operation.node.op;
  if (const auto axis = axis_attribute(operation.node)) {
    if (op == "LayerNormalization") {
      add_trailing_axes(*axis, shapes.data, facts);
    } else {
      add_axes_facts({*axis}, shapes.data, facts);
    }
  }
  if (op.rfind("Reduce", 0) == 0) add_reduction_facts(operation, shapes.data, facts);
  if (is_one_of(op, {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool"}))
    add_window_facts(operation, shapes.outputs.at(0), facts);
  if (is_one_of(op, {"Gemm", "MatMul"})) {
    add_product_facts(operation, facts);
  } else if (operation.given(1) && operation.node.inputs.size() == 2 && shapes.outputs.size() == 1) {
    add_broadcast_facts(operation, facts);
  }
  if (op == "Resize" || op == "Upsample") add_resize_facts(operation, shapes, facts);
  if (op == "Pad") add_pad_facts(operation, facts);
  if (op == "Gather" || op == "GatherElements") add_index_facts(operation, facts);
  add_attribute_facts(operation, shapes, facts);
}

}  // namespace

OperatorFacts facts_of(const Node& node, const Network& network, const Surroundings& around) {
  OperatorFacts facts;
  facts.op = node.op;
  const auto unknown = [&](const std::string& name) { return network.unknown.count(name) != 0; };
  if (std::any_of(node.inputs.begin(), node.inputs.end(), unknown) ||
      std::any_of(node.outputs.begin(), node.outputs.end(), unknown)) {
    facts.shapes_known = false;
    return facts;
  }
  const Operation operation = operation_of(node, network);
  const Shapes shapes = shapes_of(operation, network);
  add_shape_facts(shapes, facts);
  add_operand_facts(operation, facts);
  facts.word("folds_into", around.folds_into);
  facts.word("behind", around.behind);
  facts.word("only_reader", around.only_reader);
  facts.word("residual_behind", yes_or_no(around.residual_behind));
  facts.word("is_output", yes_or_no(around.is_output));
  try {
    add_family_facts(operation, shapes, facts);
  } catch (const std::invalid_argument&) {
  } catch (const std::out_of_range&) {
    // What does not follow from constants stays unknown, and no limit about it is kept.
  }
  return facts;
}

}  // namespace bpusim
