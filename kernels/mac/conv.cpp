#include "kernels/mac/conv.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernels/not_run.h"
#include "kernels/quantise/affine_int16.h"
#include "kernels/quantise/quantise_rows.h"
#include "kernels/units.h"

namespace bpusim {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("Conv: " + what);
}

// One spatial axis: padding before it, and its output extent.
struct Axis {
  std::int64_t pad = 0, out = 0;
};

Axis resolve_axis(const std::string& auto_pad, std::int64_t in, std::int64_t kernel, std::int64_t stride,
                  std::int64_t dilation, std::int64_t before, std::int64_t after) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    const std::int64_t out = ceil_div(in, stride);
    const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + reach - in);
    return {auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2, out};
  }
  if (auto_pad == "VALID") before = after = 0;
  const std::int64_t span = in + before + after - reach;
  if (span < 0)
    refuse("the kernel reaches over " + std::to_string(reach) + " of " + std::to_string(in + before + after));
  return {before, span / stride + 1};
}

}  // namespace

ConvProblem resolve_conv(const Attributes& attributes, const Shape& input, const Shape& weights) {
  const std::size_t rank = input.size();
  if (rank > 4) throw NotRun("Conv: input " + to_string(input) + " has more than two spatial axes");
  if (rank < 3) refuse("input " + to_string(input) + " must have a rank of at least 3");
  if (weights.size() != rank) refuse("weights " + to_string(weights) + " must have the input's rank");
  const std::size_t spatial = rank - 2;
  const auto list = [&](const char* name, std::size_t size, std::int64_t fallback) {
    std::vector<std::int64_t> values = attributes.get(name, std::vector<std::int64_t>{});
    if (values.empty()) values.assign(size, fallback);
    if (values.size() != size) refuse(std::string(name) + " needs " + std::to_string(size) + " values");
    for (const std::int64_t v : values)
      if (v < (fallback == 0 ? 0 : 1) || v > kMaxElements)
        refuse(std::string(name) + " holds " + std::to_string(v));
    if (spatial == 1) {  // a height of 1 in front
      values.insert(values.begin(), fallback);
      if (size == 2) values.insert(values.begin() + 2, fallback);
    }
    return values;
  };
  ConvProblem p;
  p.groups = attributes.get("group", std::int64_t{1});
  p.n = input[0];
  p.ic = input[1];
  p.ih = spatial == 2 ? input[2] : 1;
  p.iw = input.back();
  p.oc = weights[0];
  p.kh = spatial == 2 ? weights[2] : 1;
  p.kw = weights.back();
  for (const auto& shape : {input, weights})
    for (const std::int64_t extent : shape)
      if (extent < 1) refuse("shape " + to_string(shape) + " holds an empty dimension");
  if (p.groups < 1 || p.ic % p.groups != 0 || p.oc % p.groups != 0)
    refuse("group " + std::to_string(p.groups) + " does not divide " + std::to_string(p.ic) + " inputs and " +
           std::to_string(p.oc) + " outputs");
  if (weights[1] != p.group_inputs())
    refuse("weights " + to_string(weights) + " take " + std::to_string(weights[1]) +
           " channels a group, the input has " + std::to_string(p.group_inputs()));
  const auto given = attributes.get("kernel_shape", std::vector<std::int64_t>{});
  if (!given.empty() && given != std::vector<std::int64_t>(weights.begin() + 2, weights.end()))
    refuse("kernel_shape " + to_string(given) + " contradicts weights of " + to_string(weights));
  const auto strides = list("strides", spatial, 1), dilations = list("dilations", spatial, 1),
             pads = list("pads", 2 * spatial, 0);
  const std::string auto_pad = attributes.get("auto_pad", std::string("NOTSET"));
  const Axis h = resolve_axis(auto_pad, p.ih, p.kh, strides[0], dilations[0], pads[0], pads[2]);
  const Axis w = resolve_axis(auto_pad, p.iw, p.kw, strides[1], dilations[1], pads[1], pads[3]);
  p.stride_h = strides[0];
  p.stride_w = strides[1];
  p.dilation_h = dilations[0];
  p.dilation_w = dilations[1];
  p.pad_top = h.pad;
  p.pad_left = w.pad;
  p.oh = h.out;
  p.ow = w.out;
  return p;
}

Shape conv_output_shape(const ConvProblem& p, std::size_t rank) {
  return rank == 4 ? Shape{p.n, p.oc, p.oh, p.ow} : Shape{p.n, p.oc, p.ow};
}

FoldedConv fold_batch_norm(Tensor weights, const std::vector<double>& bias, const NormPart& bn) {
  FoldedConv folded{std::move(weights), std::vector<double>(bn.gamma.size())};
  const std::size_t per_channel = folded.weights.values.size() / bn.gamma.size();
  for (std::size_t o = 0; o < bn.gamma.size(); ++o) {
    const double g = bn.gamma[o] / std::sqrt(bn.variance[o] + bn.epsilon);
    for (std::size_t i = 0; i < per_channel; ++i) folded.weights.values[o * per_channel + i] *= g;
    folded.bias[o] = ((bias.empty() ? 0.0 : bias[o]) - bn.mean[o]) * g + bn.beta[o];
  }
  return folded;
}

std::vector<double> weight_scales(const Tensor& weights) {
  const auto channels = static_cast<std::size_t>(weights.shape[0]);
  const std::size_t each = weights.values.size() / channels;
  std::vector<double> scales(channels, 1.0);
  for (std::size_t o = 0; o < channels; ++o) {
    const double largest =
        largest_magnitude(weights.values.data() + o * each, static_cast<std::int64_t>(each));
    if (largest > 0) scales[o] = largest / 127;
  }
  return scales;
}

namespace {

// Sums as they are, and a bias in steps of theirs.
AffineEntry entry_of_sums(double bias) {
  constexpr double kMost = 1LL << 40;  // beyond int32 by far: accumulator_bound() tells
  return {static_cast<std::int64_t>(std::nearbyint(std::clamp(bias, -kMost, kMost))), 1, 0, 0};
}

}  // namespace

ConvPlan plan_conv(const ConvProblem& problem, const Tensor& weights, const std::vector<double>& bias,
                   const Quantisation& in, const Quantisation& out, const Clamp& clamp, int multiplier_bits,
                   Rounding rounding, const std::vector<double>& given) {
  ConvPlan plan;
  plan.problem = problem;
  plan.in = in;
  plan.out = out;
  plan.rounding = rounding;
  plan.lowest = out.lowest();
  plan.highest = out.highest();
  if (std::isfinite(clamp.low)) plan.lowest = quantise(clamp.low, out);
  if (std::isfinite(clamp.high)) plan.highest = quantise(clamp.high, out);
  const auto scales = given.empty() ? weight_scales(weights) : given;
  const std::int64_t taps = problem.taps();
  plan.weights.resize(weights.values.size());
  for (std::size_t o = 0; o < scales.size(); ++o) {
    const auto first = static_cast<std::int64_t>(o) * taps;
    quantise_int8(weights.values.data() + first, taps, {scales[o], 0, DType::Int8},
                  plan.weights.data() + first);
  }
  for (std::size_t o = 0; o < scales.size(); ++o) {
    const double offset = bias.empty() ? 0.0 : bias[o];
    if (out.dtype == DType::Int32) {
      plan.entries.push_back(entry_of_sums(offset / (in.scale * scales[o])));
      continue;
    }
    plan.entries.push_back(make_affine_entry_onto(out, in.scale * scales[o] / out.scale, offset / out.scale,
                                                  multiplier_bits, 0));
  }
  return plan;
}

std::int64_t accumulator_bound(const ConvPlan& plan) {
  const std::int64_t reach = std::max(std::abs(plan.in.highest() - plan.in.zero_point),
                                      std::abs(plan.in.lowest() - plan.in.zero_point));
  const auto taps = static_cast<std::size_t>(plan.problem.taps());
  std::int64_t largest = 0;
  for (std::size_t o = 0; o < plan.entries.size(); ++o) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < taps; ++i) sum += std::abs(static_cast<int>(plan.weights[o * taps + i]));
    const bool with_bias = plan.out.dtype == DType::Int32;
    largest = std::max(largest, sum * reach + (with_bias ? std::abs(plan.entries[o].bias) : 0));
  }
  return largest;
}

ConvTile conv_tile(const ConvProblem& p, std::int64_t out_channel, std::int64_t out_channels,
                   std::int64_t out_row, std::int64_t out_rows) {
  const std::int64_t first = out_channel / p.group_outputs();
  const std::int64_t last = (out_channel + out_channels - 1) / p.group_outputs();
  const std::int64_t top = out_row * p.stride_h - p.pad_top;
  const std::int64_t bottom = (out_row + out_rows - 1) * p.stride_h - p.pad_top + (p.kh - 1) * p.dilation_h;
  // A tile that sees padding only still names one row, so that there is something to load.
  const std::int64_t in_row = std::clamp<std::int64_t>(top, 0, p.ih - 1);
  const std::int64_t in_end = std::clamp<std::int64_t>(bottom + 1, in_row + 1, p.ih);
  return {out_channel,
          out_channels,
          out_row,
          out_rows,
          first * p.group_inputs(),
          (last - first + 1) * p.group_inputs(),
          in_row,
          in_end - in_row,
          1,
          0,
          0,
          0};
}

}  // namespace bpusim
