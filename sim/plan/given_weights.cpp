#include "sim/plan/given_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "kernels/quantise/linear.h"
#include "kernels/quantise/quantise.h"
#include "sim/plan/given_grids.h"

namespace bpusim {

namespace {

constexpr std::int64_t kLowest = -128, kHighest = 127;  // weights on the machine

LinearLayout layout_of(const Node& node) {
  return {node.attributes.get("axis", std::int64_t{1}), node.attributes.get("block_size", std::int64_t{0})};
}

// Scales along one axis; nothing for blocks.
std::optional<GivenCodes> codes_of(const Operation& operation) {
  const DType dtype = operation.dtype(0);
  const auto& scales = operation.value(1).values;
  const auto& zeros = operation.value(2).values;
  const LinearLayout layout = layout_of(operation.node);
  const Shape& shape = operation.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t axis = layout.axis < 0 ? layout.axis + rank : layout.axis;
  const bool several = scales.size() > 1;
  if (layout.block != 0 || (several && (axis < 0 || axis >= rank)) ||
      !std::all_of(scales.begin(), scales.end(), [](double s) { return s > 0 && std::isfinite(s); }))
    return std::nullopt;
  if (several && static_cast<std::int64_t>(scales.size()) != shape[static_cast<std::size_t>(axis)])
    return std::nullopt;
  const auto [low, high] = std::minmax_element(zeros.begin(), zeros.end());
  GivenCodes codes;
  codes.scales = scales;
  codes.axis = several ? static_cast<std::size_t>(axis) : 0;
  codes.lowest = lowest_of(dtype) - (zeros.empty() ? 0 : static_cast<std::int64_t>(*high));
  codes.highest = highest_of(dtype) - (zeros.empty() ? 0 : static_cast<std::int64_t>(*low));
  return codes;
}

}  // namespace

bool fold_dequantised(const Operation& operation, Network& network) {
  const Node& node = operation.node;
  if (node.op != "DequantizeLinear") return false;
  const Value& held = network.values.at(node.inputs[0]);
  Value& value = network.values[node.outputs.at(0)];
  const auto real = [scale = operation.value(1), zero = operation.value(2), layout = layout_of(node)](
                        const Tensor& codes) { return dequantize_linear(codes, scale, zero, layout); };
  if (held.stored) {
    check_layout(held.shape, operation.value(1), operation.value(2), layout_of(node));
    value.stored = [read = held.stored, real] { return real(read()); };
    value.shape = held.shape;
  } else {
    value.hold(real(*held.data));
  }
  value.constant = true;
  value.codes = codes_of(operation);
  if (operation.value(1).size() == 1 && value.codes) {
    const auto& zero = operation.value(2).values;
    value.grid = grid_of_codes(operation.value(1).values[0], zero.empty() ? 0 : zero[0], operation.dtype(0));
  }
  return true;
}

namespace {

// The axis of the result along which the codes' scales lie.
std::optional<std::size_t> moved_axis(const Node& node, const GivenCodes& codes, const Shape& from,
                                      const Shape& to) {
  if (codes.scales.size() == 1) return 0;
  if (node.op == "Transpose") {
    auto perm = node.attributes.get("perm", std::vector<std::int64_t>{});
    for (std::size_t d = perm.size(); d < from.size(); ++d)
      perm.push_back(static_cast<std::int64_t>(from.size() - 1 - d));
    const auto at = std::find(perm.begin(), perm.end(), static_cast<std::int64_t>(codes.axis));
    return static_cast<std::size_t>(at - perm.begin());
  }
  if (!find_operator(node.op)->alias) return std::nullopt;
  std::int64_t before = 1, so_far = 1;
  for (std::size_t d = 0; d < codes.axis; ++d) before *= from[d];
  for (std::size_t d = 0; d < to.size(); so_far *= to[d++])
    if (so_far == before && to[d] == from[codes.axis]) return d;
  return std::nullopt;
}

}  // namespace

void hand_codes_on(const Operation& operation, const OperatorDefinition& row, Network& network) {
  const Node& node = operation.node;
  if (node.inputs.empty() || node.outputs.size() != 1 || node.inputs[0].empty()) return;
  const Value& held = network.values.at(node.inputs[0]);
  if (!held.codes || is_exact(network.values.at(node.outputs[0]).dtype)) return;
  const std::optional<GivenCodes> codes = held.codes;
  const Quantisation* grid = held.grid ? &*held.grid : nullptr;
  Value& made = network.values.at(node.outputs[0]);
  const auto axis = row.keeps_grid && node.op != "Pad" && node.op != "Resize" && node.op != "Upsample"
                        ? moved_axis(node, *codes, held.shape, made.shape)
                        : std::nullopt;
  if (axis) {
    made.codes = codes;
    made.codes->axis = *axis;
    if (grid != nullptr) made.grid = *grid;
  } else if (held.shape.size() > 1) {
    network.notes.push_back(node.name + ": " + node.op + " of '" + node.inputs[0] +
                            "', which the model holds as codes: what it makes is quantised anew");
  }
}

namespace {

// Along which axis of its weights an operator has outputs; nothing where it has no weights.
std::optional<std::size_t> output_axis(const Node& node, const Network& network) {
  const bool convolves = node.op == "Conv" || node.op == "ConvTranspose";
  if (!convolves && node.op != "Gemm" && node.op != "MatMul") return std::nullopt;
  if (network.values.at(node.inputs.at(0)).constant || !network.values.at(node.inputs.at(1)).constant)
    return std::nullopt;
  if (node.op == "Conv") return 0;
  if (node.op == "ConvTranspose") return 1;
  if (network.shape_of(node.inputs[1]).size() != 2) return std::nullopt;
  if (node.op == "Gemm") return node.attributes.get("transB", std::int64_t{0}) != 0 ? 0 : 1;
  return 1;
}

bool fits(const GivenCodes& codes, const Value& value) {
  if (codes.lowest >= kLowest && codes.highest <= kHighest) return true;
  const auto numbers = value.numbers();
  if (!numbers) return true;
  std::size_t inner = 1;
  for (std::size_t d = codes.axis + 1; d < value.shape.size(); ++d)
    inner *= static_cast<std::size_t>(value.shape[d]);
  for (std::size_t i = 0; i < numbers->values.size(); ++i) {
    const double code = std::nearbyint(numbers->values[i] / codes.scales[i / inner % codes.scales.size()]);
    if (code < static_cast<double>(kLowest) || code > static_cast<double>(kHighest)) return false;
  }
  return true;
}

// What int8 with a symmetric scale an output loses of the numbers.
double largest_error(const Tensor& weights, std::size_t axis) {
  std::size_t inner = 1;
  for (std::size_t d = axis + 1; d < weights.shape.size(); ++d)
    inner *= static_cast<std::size_t>(weights.shape[d]);
  const auto outputs = static_cast<std::size_t>(weights.shape.at(axis));
  std::vector<double> largest(outputs, 0);
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    double& so_far = largest[i / inner % outputs];
    so_far = std::max(so_far, std::abs(weights.values[i]));
  }
  double error = 0;
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    const double scale = largest[i / inner % outputs] / kHighest;
    if (scale > 0)
      error =
          std::max(error, std::abs(std::nearbyint(weights.values[i] / scale) * scale - weights.values[i]));
  }
  return error;
}

std::string anew(const Node& node, const std::string& why, const Value& value, std::size_t axis) {
  std::string text = node.name + ": the codes of its weights '" + node.inputs[1] + "' " + why +
                     ": they are quantised anew, int8 with a scale an output channel";
  if (const auto numbers = value.numbers()) {
    char error[64];
    std::snprintf(error, sizeof error, ", off by up to %.3g", largest_error(*numbers, axis));
    text += error;
  }
  return text;
}

}  // namespace

Network with_weights_of_codes(Network network) {
  for (const Node& node : network.nodes) {
    const auto axis = output_axis(node, network);
    if (!axis) continue;
    Value& value = network.values.at(node.inputs[1]);
    if (!value.codes) continue;
    std::string why;
    if (value.codes->scales.size() > 1 && value.codes->axis != *axis) {
      why = "have their scales along axis " + std::to_string(value.codes->axis) + ", not along its outputs";
    } else if (!fits(*value.codes, value)) {
      why = "less their zero point do not fit int8";
    }
    if (why.empty()) continue;
    network.notes.push_back(anew(node, why, value, *axis));
    value.codes.reset();
  }
  return network;
}

}  // namespace bpusim
