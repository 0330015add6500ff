#include "sim/scenario/model_inputs.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "kernels/norms/norm.h"
#include "sim/config/memory_budget.h"
#include "sim/scenario/workload.h"

namespace bpusim {

namespace {

constexpr double kNumberBytes = 8;  // of a number in float64

// Parameters that operators look at even where only time counts, such as gamma, are filled with ones.
constexpr std::int64_t kFilledWeights = 65536;

// Inputs that operators read as weights, in a model that holds shapes only.
std::set<std::string> weight_inputs(const Network& network) {
  const std::set<std::string> inputs(network.inputs.begin(), network.inputs.end());
  std::set<std::string> weights, beside_computed;
  for (const Node& node : network.nodes) {
    const bool parametrised = node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm" ||
                              node.op == "MatMul" || find_norm(node.op) != nullptr || node.op == "PRelu";
    for (std::size_t i = 1; i < node.inputs.size() && parametrised; ++i)
      if (inputs.count(node.inputs[i]) != 0) weights.insert(node.inputs[i]);
    const bool affine = (node.op == "Mul" || node.op == "Add") && node.inputs.size() == 2;
    for (std::size_t i = 0; i < 2 && affine; ++i)
      if (inputs.count(node.inputs[1 - i]) == 0) beside_computed.insert(node.inputs[i]);
  }
  // Of a model without weights' data, also gamma and beta of norms in primitives, and the like.
  if (!weights.empty()) weights.insert(beside_computed.begin(), beside_computed.end());
  return weights;
}

// "1xn0x4": open dimensions by their names.
std::string named_shape(const std::string& name, const Network& network) {
  const Shape& shape = network.shape_of(name);
  const auto axes = network.open_axes.find(name);
  std::string text;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const bool open = shape[d] < 1 && axes != network.open_axes.end() && d < axes->second.size();
    text += (d == 0 ? "" : "x") + (open ? axes->second[d] : std::to_string(shape[d]));
  }
  return text;
}

std::string unknown_shape(const std::string& name, const Network& network) {
  const std::string file = "give it a file, as inputs: {" + name + ": " + name + ".npy}";
  const auto axes = network.open_axes.find(name);
  std::string dims;
  for (std::size_t d = 0; axes != network.open_axes.end() && d < axes->second.size(); ++d)
    if (network.shape_of(name)[d] < 1 && dims.find("--dim " + axes->second[d] + "=1") == std::string::npos)
      dims += (dims.empty() ? "--dim " : " --dim ") + axes->second[d] + "=1";
  if (dims.empty()) return "input '" + name + "' has no shape: " + file;
  return "input '" + name + "' has shape " + named_shape(name, network) + ": set its dimensions (" + dims +
         ", or dim: in the run file), or " + file;
}

// The smallest of extents that are known; 0 without any.
std::int64_t smallest(Shape::const_iterator first, Shape::const_iterator last) {
  std::int64_t least = 0;
  for (; first != last; ++first)
    if (*first > 0) least = least == 0 ? *first : std::min(least, *first);
  return least;
}

// The extent that one node's input counts places of; 0 where it holds no places.
std::int64_t extent_indexed(const Node& node, std::size_t input, const Network& network) {
  const std::string& op = node.op;
  const Shape& x = network.shape_of(node.inputs[0]);
  if (op == "RoiAlign" && input == 2) return x.empty() ? 0 : x[0];
  if (input != 1) return 0;
  if (op == "GatherND" || op == "ScatterND") return smallest(x.begin(), x.end());
  if (op != "Gather" && op != "GatherElements" && op != "ScatterElements" && op != "Scatter") return 0;
  std::int64_t axis = node.attributes.get("axis", std::int64_t{0});
  axis += axis < 0 ? static_cast<std::int64_t>(x.size()) : 0;
  if (axis < 0 || axis >= static_cast<std::int64_t>(x.size())) return 0;
  return smallest(x.begin() + axis, x.begin() + axis + 1);
}

// Extent of the axes that the input's numbers are indices into; 2 where nothing says it.
std::int64_t index_bound(const std::string& name, const Network& network) {
  Shape extents;
  for (const Node& node : network.nodes)
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] == name && !node.inputs[0].empty())
        extents.push_back(extent_indexed(node, i, network));
  const std::int64_t bound = smallest(extents.begin(), extents.end());
  return bound == 0 ? 2 : bound;
}

// Numbers for an input that nobody gives: normal, or whole ones that are valid where they are indices.
Tensor drawn(const std::string& name, std::uint64_t seed, const Network& network) {
  const Value& value = network.values.at(name);
  Tensor tensor = draw({}, value.shape, seed);
  if (!is_exact(value.dtype)) return tensor;
  const auto bound = static_cast<double>(
      value.dtype == DType::Bool ? 2 : std::min(index_bound(name, network), highest_of(value.dtype)));
  // The normal distribution's own shares make the numbers equally likely.
  for (double& v : tensor.values)
    v = std::min(bound - 1, std::floor(bound * std::erfc(-v / std::sqrt(2.0)) / 2));
  return tensor;
}

void hold_given(AnyTensor tensor, Value& value) {
  if (auto* text = std::get_if<StringTensor>(&tensor)) {
    value.shape = text->shape;
    value.text = std::move(*text);
  } else {
    value.hold(std::move(std::get<Tensor>(tensor)));
  }
}

void draw_input(const std::string& name, const InputSource& source, Network& network, MemoryBudget& budget) {
  Value& value = network.values[name];
  if (value.dtype == DType::String)
    return source.complain("input '" + name + "' is text, and needs a file under inputs");
  if (std::any_of(value.shape.begin(), value.shape.end(), [](std::int64_t e) { return e < 1; }))
    return source.complain(unknown_shape(name, network));
  budget.charge(kNumberBytes * static_cast<double>(element_count(value.shape)),
                network.file + ": input '" + name + "' of shape " + to_string(value.shape));
  value.hold(drawn(name, source.seed, network));
}

}  // namespace

void fill_inputs(InputSource source, Network& network) {
  MemoryBudget budget(network.memory_limit);
  const std::set<std::string> weights = source.inputs_as_weights.value_or(!network.has_weights)
                                            ? weight_inputs(network)
                                            : std::set<std::string>{};
  std::vector<std::string> activations;
  for (const std::string& name : network.inputs) {
    Value& value = network.values[name];
    // What operators read as weights is constant, with data from a file or without.
    if (weights.count(name) == 0) activations.push_back(name);
    value.constant = weights.count(name) != 0;
    if (const auto given = source.given.find(name); given != source.given.end()) {
      hold_given(std::move(given->second), value);
    } else if (value.constant && element_count(value.shape) > 0) {
      if (element_count(value.shape) <= kFilledWeights) value.hold(Tensor::filled(value.shape, 1));
      network.shapes_only = true;
    } else {
      draw_input(name, source, network, budget);
      if (value.data) ++source.seed;
    }
  }
  network.inputs = std::move(activations);
}

}  // namespace bpusim
