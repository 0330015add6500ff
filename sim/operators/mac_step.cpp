#include "sim/operators/mac_step.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "kernels/mac/conv_int16.h"
#include "sim/operators/families/tables.h"
#include "sim/operators/norm_problem.h"

namespace bpusim {

bool multiplies_by_weights(const Operation& product) {
  return product.constant.at(1) != 0 && product.constant[0] == 0 && product.shape(1).size() == 2;
}

bool has_weights(const Node& node, const Network& network) {
  if (node.op == "Conv" || node.op == "ConvTranspose") return true;
  return (node.op == "Gemm" || node.op == "MatMul") && multiplies_by_weights(operation_of(node, network));
}

Tensor weights_of(const StepLowering& s, std::size_t input) {
  const Value& value = s.context.network.values.at(s.node.inputs.at(input));
  if (s.context.function) return value.stored ? value.stored() : *value.data;
  Tensor empty;
  empty.shape = value.shape;
  return empty;
}

// Those of a transposed convolution with groups are one for each output of a group.
std::vector<double> given_scales(const StepLowering& s, std::size_t input, std::int64_t channels) {
  const Value& value = s.context.network.values.at(s.node.inputs.at(input));
  std::vector<double> scales;
  for (std::size_t o = 0; value.codes && o < static_cast<std::size_t>(channels); ++o)
    scales.push_back(value.codes->scales[o % value.codes->scales.size()]);
  return scales;
}

Clamp clip_bounds(const Node& clip, const Network& network) {
  const auto bound = [&](std::size_t input, const char* name, double fallback) {
    if (input < clip.inputs.size() && !clip.inputs[input].empty()) {
      const Value& value = network.values.at(clip.inputs[input]);
      if (value.data && value.data->size() == 1) return value.data->values[0];
    }
    return clip.attributes.get(name, fallback);
  };
  const Clamp open;
  return {bound(1, "min", open.low), bound(2, "max", open.high)};
}

namespace {

// The codes of a channel stay where it is multiplied by a number; what is 0 then has any scale.
void scale_codes(MacStep& mac, std::size_t channel, double factor) {
  if (!mac.scales.empty() && factor != 0) mac.scales[channel] *= std::abs(factor);
}

void fold_norm(const StepLowering& s, const Node& follower, MacStep& mac) {
  if (!s.context.function) return;
  const NormProblem norm = norm_problem(operation_of(follower, s.context.network));
  const NormPart& part = norm.parts.front();
  for (std::size_t o = 0; o < part.gamma.size(); ++o)
    scale_codes(mac, o, part.gamma[o] / std::sqrt(part.variance[o] + part.epsilon));
  FoldedConv folded = fold_batch_norm(std::move(mac.weights), mac.bias, part);
  mac.weights = std::move(folded.weights);
  mac.bias = std::move(folded.bias);
}

// What a node with a constant makes of each sum: y = scale * x + shift, a channel.
void fold_constant(const StepLowering& s, const Node& node, const std::string& constant, MacStep& mac) {
  if (!s.context.function) return;
  const auto numbers = s.context.network.values.at(constant).numbers();
  const std::vector<double>& values = numbers->values;
  const auto channels = static_cast<std::size_t>(mac.problem.oc), taps = mac.weights.values.size() / channels;
  mac.bias.resize(channels, 0);
  const bool second = node.inputs[1] == constant;
  for (std::size_t o = 0; o < channels; ++o) {
    const double c = values[values.size() == 1 ? 0 : o];
    const double scale = node.op == "Mul"              ? c
                         : node.op == "Div"            ? 1 / c
                         : node.op == "Sub" && !second ? -1
                                                       : 1;
    const double shift = node.op == "Add" || (node.op == "Sub" && !second) ? c : node.op == "Sub" ? -c : 0;
    for (std::size_t t = 0; t < taps && scale != 1; ++t) mac.weights.values[o * taps + t] *= scale;
    mac.bias[o] = mac.bias[o] * scale + shift;
    scale_codes(mac, o, scale);
  }
}

// The tensor that an Add takes beside what the step makes itself.
void add_residual(const Node& add, const std::string& own, MacStep& mac) {
  mac.residual = add.inputs.at(add.inputs[0] == own ? 1 : 0);
  mac.before_sum = own;
}

RealFunction composed(const std::optional<RealFunction>& inner, RealFunction outer) {
  if (!inner) return outer;
  return RealFunction::of_rows(
      [inner = *inner, outer = std::move(outer)](double* values, std::int64_t count) {
        inner.apply(values, count);
        outer.apply(values, count);
      });
}

bool is_open(const Clamp& clamp) {
  return std::isinf(clamp.low) && std::isinf(clamp.high);
}

// Whether the model wants the value's own codes before the function takes them: on another grid than the
// function's result has.
bool rounds_between(const Node& node, const std::string& value, const Network& network) {
  const auto &before = network.values.at(value).grid, &behind = network.values.at(node.outputs.at(0)).grid;
  return before && !(behind && same_grid(*before, *behind));
}

// A clamp where nothing was done to the sums yet, else part of the table behind them.
void fold_function(const StepLowering& s, const Node& node, const std::string& value, MacStep& mac) {
  const bool behind_sum = !mac.residual.empty();
  std::optional<RealFunction>& function = behind_sum ? mac.last : mac.activation;
  Clamp& clamp = behind_sum ? mac.last_clamp : mac.clamp;
  const bool first = !function && is_open(clamp) && !rounds_between(node, value, s.context.network);
  if (first && node.op == "Relu") {
    clamp.low = 0;
  } else if (first && node.op == "Clip") {
    clamp = clip_bounds(node, s.context.network);
  } else {
    if (!function) (behind_sum ? mac.last_reads : mac.activation_reads) = value;
    function = composed(function, function_of(operation_of(node, s.context.network)));
  }
}

}  // namespace

std::string folded_constant(const Node& first, const Node& node, const std::string& value,
                            const Network& network) {
  const bool either = node.op == "Add" || node.op == "Mul" || node.op == "Sub";
  if ((!either && node.op != "Div") || node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return "";
  const std::size_t at = node.inputs[0] == value ? 1 : 0;
  if (at == 0 && !either) return "";
  const Value& constant = network.values.at(node.inputs[at]);
  const Shape& shape = network.shape_of(value);
  if (!constant.constant || constant.shape.size() > shape.size()) return "";
  const std::int64_t elements = element_count(constant.shape);
  const bool convolution = first.op == "Conv" || first.op == "ConvTranspose";
  const std::size_t channels = convolution ? 1 : shape.size() - 1, behind = shape.size() - channels;
  const bool a_channel = elements == shape[channels] && constant.shape.size() >= behind &&
                         constant.shape[constant.shape.size() - behind] == elements;
  return elements == 1 || a_channel ? node.inputs[at] : "";
}

void fold_followers(const StepLowering& s, MacStep& mac) {
  bool folding = true;  // into weights and biases, until a function or a residual comes
  for (std::size_t n = 1; n < s.step.nodes.size(); ++n) {
    const Node& follower = s.follower(n);
    const std::string& value = s.follower(n - 1).outputs.at(0);
    if (follower.op == "BatchNormalization") {
      fold_norm(s, follower, mac);
      continue;
    }
    const std::string constant = folding && !s.context.network.values.at(value).grid
                                     ? folded_constant(s.node, follower, value, s.context.network)
                                     : std::string();
    if (!constant.empty()) {
      fold_constant(s, follower, constant, mac);
      continue;
    }
    folding = false;
    if (is_function(operation_of(follower, s.context.network))) {
      fold_function(s, follower, value, mac);
    } else {
      add_residual(follower, value, mac);
    }
  }
}

namespace {

// The grids that codes take on their way through a step.
struct Grids {
  Quantisation sums;       // the result of the sums
  Quantisation activated;  // behind the activation: what the residual is added to, or the step's output
  Quantisation added;      // the result of the Add, where there is one
};

Grids grids_of(const StepLowering& s, const MacStep& mac) {
  const auto& grids = s.context.grids;
  Grids g;
  const Quantisation& out = s.out().grid;
  g.activated = mac.residual.empty() ? out : grids.at(mac.before_sum);
  g.added = mac.last ? grids.at(mac.last_reads) : out;
  g.sums = mac.activation ? grids.at(mac.activation_reads) : g.activated;
  return g;
}

// Those of given codes, but of channels whose code -128 a negative factor made 128: no int8.
std::vector<double> scales_of(const MacStep& mac) {
  std::vector<double> own = weight_scales(mac.weights);
  if (mac.scales.empty()) return own;
  const std::size_t each = mac.weights.values.size() / own.size();
  for (std::size_t o = 0; o < own.size(); ++o) {
    const auto first = mac.weights.values.begin() + static_cast<std::ptrdiff_t>(o * each);
    const double largest = *std::max_element(first, first + static_cast<std::ptrdiff_t>(each));
    if (std::nearbyint(largest / mac.scales[o]) <= 127) own[o] = mac.scales[o];
  }
  return own;
}

// Without function a plan says what is computed, not on what.
ConvPlan plan_of(const StepLowering& s, const MacStep& mac, const Quantisation& result) {
  if (s.context.function)
    return plan_conv(mac.problem, mac.weights, mac.bias, s.in().grid, result, mac.clamp, s.multiplier_bits(),
                     s.rounding(), scales_of(mac));
  ConvPlan plan;
  plan.problem = mac.problem;
  plan.in = s.in().grid;
  plan.out = result;
  return plan;
}

TailJob tail_of(StepLowering& s, const MacStep& mac, const Grids& g) {
  TailJob tail;
  if (mac.activation) tail.activation = s.table(*mac.activation, g.sums, g.activated);
  if (mac.residual.empty()) return tail;
  const TensorPlace& residual = s.place(mac.residual);
  ElementwisePlan plan = plan_elementwise(ElementwiseKind::Add, {g.activated, residual.grid}, g.added,
                                          s.sum_multiplier_bits(), s.rounding());
  if (std::isfinite(mac.last_clamp.low)) plan.lowest = quantise(mac.last_clamp.low, g.added);
  if (std::isfinite(mac.last_clamp.high)) plan.highest = quantise(mac.last_clamp.high, g.added);
  tail.residual = TailJob::Residual{std::move(plan), residual.address};
  if (mac.last) tail.last = s.table(*mac.last, g.added, s.out().grid);
  return tail;
}

void clamp_all(std::vector<double>& values, const Clamp& clamp) {
  if (std::isinf(clamp.low) && std::isinf(clamp.high)) return;
  for (double& v : values) v = std::min(std::max(v, clamp.low), clamp.high);
}

void apply_all(const std::optional<RealFunction>& function, std::vector<double>& values) {
  if (function) function->apply(values.data(), static_cast<std::int64_t>(values.size()));
}

// Of sums that leave as int32: `elements` of them.
ChannelScales channels_of(const std::vector<double>& weight_scales, const MacStep& mac, const ConvPlan& plan,
                          std::int64_t elements) {
  ChannelScales channels;
  for (const double scale : weight_scales) channels.scales.push_back(plan.in.scale * scale);
  channels.inner = elements / mac.problem.n / mac.problem.oc;
  return channels;
}

// All of the step in real numbers, rounded once: what the grids in between cost shows against it.
struct IdealStep {
  MacStep mac;
  ConvPlan plan;  // weights as codes
  std::vector<double> scales;
  Quantisation residual, out;

  Codes operator()(const std::vector<Codes>& inputs) const {
    return mac.gather ? of(mac.gather(inputs), inputs) : of(inputs[0], inputs);
  }

  // From the codes that the sums read.
  Codes of(const Codes& read, const std::vector<Codes>& inputs) const {
    const bool wide = takes_int16(plan);
    if (!wide && !mac.exact && !mac.activation && mac.residual.empty())
      return ideal_conv(plan, read, scales, mac.bias);
    auto reals = mac.exact ? mac.exact(plan, read, scales, mac.bias)
                 : wide    ? exact_conv_int16(plan, read, scales, mac.bias)
                           : exact_conv(plan, read, scales, mac.bias);
    if (plan.out.dtype == DType::Int32) return sums_of(reals);
    clamp_all(reals, mac.clamp);
    apply_all(mac.activation, reals);
    if (!mac.residual.empty()) {
      for (std::size_t i = 0; i < reals.size(); ++i) reals[i] += dequantise(inputs[1][i], residual);
      clamp_all(reals, mac.last_clamp);
      apply_all(mac.last, reals);
    }
    return quantise(reals, out);
  }

 private:
  // In steps of each channel's.
  Codes sums_of(const std::vector<double>& reals) const {
    const ChannelScales channels = channels_of(scales, mac, plan, static_cast<std::int64_t>(reals.size()));
    Codes codes;
    codes.reserve(reals.size());
    for (std::size_t i = 0; i < reals.size(); ++i)
      codes.push_back(static_cast<std::int64_t>(std::nearbyint(std::clamp(
          reals[i] / channels.of(static_cast<std::int64_t>(i)), double{INT32_MIN}, double{INT32_MAX}))));
    return codes;
  }
};

std::function<Codes(const std::vector<Codes>&)> ideal_of(const StepLowering& s, MacStep mac, ConvPlan plan) {
  auto scales = scales_of(mac);
  mac.weights.values = std::vector<double>();  // the plan has them as codes, an eighth of the size
  const Quantisation residual = mac.residual.empty() ? Quantisation{} : s.place(mac.residual).grid;
  const auto ideal = std::make_shared<const IdealStep>(
      IdealStep{std::move(mac), std::move(plan), std::move(scales), residual, s.out().grid});
  return [ideal](const std::vector<Codes>& inputs) { return (*ideal)(inputs); };
}

// Sums that leave take their bias in their own steps. Where a channel's weights are next to nothing the bias
// would pass int32, where they are nothing any steps would do: it gets steps of 2^-30 of the bias. Scales
// that the model gives stay.
void make_room_for_bias(const StepLowering& s, MacStep& mac) {
  if (!mac.scales.empty() || mac.bias.empty()) return;
  constexpr double kMostBias = 1 << 30;
  mac.scales = weight_scales(mac.weights);
  const std::size_t each = mac.weights.values.size() / mac.scales.size();
  for (std::size_t o = 0; o < mac.scales.size(); ++o) {
    const double least = std::abs(mac.bias[o]) / (s.in().grid.scale * kMostBias);
    const auto first = mac.weights.values.begin() + static_cast<std::ptrdiff_t>(o * each);
    const bool nothing =
        std::all_of(first, first + static_cast<std::ptrdiff_t>(each), [](double w) { return w == 0; });
    if (least > 0) mac.scales[o] = nothing ? least : std::max(mac.scales[o], least);
  }
}

// The plan lets nothing follow them; int16 activations and a bias can make them longer than they may leave.
void require_sums(const StepLowering& s, const MacStep& mac, const ConvPlan& plan) {
  if (mac.activation || !mac.residual.empty() || std::isfinite(mac.clamp.low) ||
      std::isfinite(mac.clamp.high))
    s.refuse("what follows its sums needs a grid: its output cannot be int32");
  if (s.context.function && accumulator_bound(plan) > INT32_MAX)
    s.refuse("sums of " + std::to_string(mac.problem.taps()) + " products of " + to_string(plan.in.dtype) +
             ", with their bias, can pass int32: its output cannot be int32, make it int16" +
             (plan.in.dtype == DType::Int16 ? ", or its input int8" : ""));
}

}  // namespace

LoweredStep lower_mac(StepLowering& s, MacStep mac) {
  LoweredStep lowered = s.begin("mac_array");
  const Grids grids = grids_of(s, mac);
  const bool sums_leave = grids.sums.dtype == DType::Int32;
  if (sums_leave && s.context.function) make_room_for_bias(s, mac);
  ConvPlan plan = plan_of(s, mac, grids.sums);
  if (sums_leave) require_sums(s, mac, plan);
  const int bits = plan.in.dtype == DType::Int16 ? kInt16AccumulatorBits : 32;
  if (s.context.function && accumulator_bound(plan) >= std::int64_t{1} << (bits - 1))
    s.refuse("sums of " + std::to_string(mac.problem.taps()) + " products can overflow int" +
             std::to_string(bits) + " accumulators");
  const std::int64_t weight_bytes =
                         mac.weight_bytes != 0 ? mac.weight_bytes : mac.problem.oc * mac.problem.taps(),
                     entry_bytes = mac.problem.oc * static_cast<std::int64_t>(sizeof(AffineEntry));
  if (mac.arrange && s.context.function) plan.weights = mac.arrange(plan.weights);
  ConvJob job;
  job.x = s.in().address;
  job.y = s.out().address;
  job.weights = s.constants(s.context.function ? plan.weights.data() : nullptr, weight_bytes);
  job.entries = s.constants(s.context.function ? plan.entries.data() : nullptr, entry_bytes);
  // The machine reads its weights from memory; a program need not carry them.
  job.plan.problem = plan.problem;
  job.plan.in = plan.in;
  job.plan.out = plan.out;
  job.plan.rounding = plan.rounding;
  job.plan.lowest = plan.lowest;
  job.plan.highest = plan.highest;
  job.tail = tail_of(s, mac, grids);
  const std::int64_t lanes = s.out().elements * byte_size(s.out().grid.dtype);
  if (job.tail.activation) lowered.work.table_elements += lanes;
  if (job.tail.last) lowered.work.table_elements += lanes;
  if (job.tail.residual) lowered.work.vector_elements += lanes;
  lowered.work.read_bytes += weight_bytes + entry_bytes + s.table_room();
  lowered.work.macs = mac.macs * (plan.in.dtype == DType::Int16 ? s.machine.mac.int16_passes : 1);
  lowered.programs.push_back(s.fastest(
      mac.mappings, lowered.work,
      [&](const LoweringChoice& choice, const MachineParams& machine) {
        job.mapping = mac_mapping(choice.mapping);
        return mac.lower(s.step.name, job, machine, choice.tile_bytes);
      },
      &lowered.mapping));
  if (!s.context.function) return lowered;
  if (sums_leave) lowered.channels = channels_of(scales_of(mac), mac, plan, s.out().elements);
  lowered.ideal = ideal_of(s, std::move(mac), std::move(plan));
  return lowered;
}

}  // namespace bpusim
