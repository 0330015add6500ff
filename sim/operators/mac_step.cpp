#include "sim/operators/mac_step.h"

#include <memory>

#include "kernels/conv_int16.h"
#include "sim/operators/norm_problem.h"
#include "sim/operators/tables.h"

namespace bpusim {

Tensor weights_of(const StepLowering& s, std::size_t input) {
  const Value& value = s.context.network.values.at(s.node.inputs.at(input));
  if (s.context.function) return *value.data;
  Tensor empty;
  empty.shape = value.shape;
  return empty;
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

void fold_followers(const StepLowering& s, MacStep& mac) {
  for (std::size_t n = 1; n < s.step.nodes.size(); ++n) {
    const Node& follower = s.follower(n);
    if (follower.op == "Relu") {
      mac.clamp.low = 0;
    } else if (follower.op == "Clip") {
      mac.clamp = clip_bounds(follower, s.context.network);
    } else if (find_unary(follower.op) != nullptr) {
      mac.activation = function_of(operation_of(follower, s.context.network));
    } else if (follower.op == "BatchNormalization" && s.context.function) {
      const NormProblem norm = norm_problem(operation_of(follower, s.context.network));
      FoldedConv folded = fold_batch_norm(mac.weights, mac.bias, norm.parts.front());
      mac.weights = std::move(folded.weights);
      mac.bias = std::move(folded.bias);
    }
  }
}

namespace {

// Where the sums' own result lies: with a table behind them they have a grid of their own, between
// accumulator and table.
Quantisation result_grid(const StepLowering& s, const MacStep& mac) {
  if (!mac.activation) return s.out().grid;
  return s.context.grids.at(s.follower(s.step.nodes.size() - 2).outputs.at(0));
}

// Without function a plan says what is computed, not on what.
ConvPlan plan_of(const StepLowering& s, const MacStep& mac, const Quantisation& result) {
  if (s.context.function)
    return plan_conv(mac.problem, mac.weights, mac.bias, s.in().grid, result, mac.clamp, s.multiplier_bits(),
                     s.rounding());
  ConvPlan plan;
  plan.problem = mac.problem;
  plan.in = s.in().grid;
  plan.out = result;
  return plan;
}

// The function of the exact sum, rounded once: what the grid between sum and table costs shows against it.
std::function<Codes(const std::vector<Codes>&)> ideal_of(const StepLowering& s, MacStep mac, ConvPlan plan) {
  const auto shared = std::make_shared<const ConvPlan>(std::move(plan));
  return [shared, scales = weight_scales(mac.weights), bias = std::move(mac.bias),
          activation = mac.activation, out = s.out().grid](const std::vector<Codes>& inputs) {
    const bool wide = takes_int16(*shared);
    if (!activation) return (wide ? ideal_conv_int16 : ideal_conv)(*shared, inputs[0], scales, bias);
    Codes codes;
    for (const long double real : (wide ? exact_conv_int16 : exact_conv)(*shared, inputs[0], scales, bias))
      codes.push_back(quantise((*activation)(static_cast<double>(real)), out));
    return codes;
  };
}

}  // namespace

LoweredStep lower_mac(const StepLowering& s, MacStep mac) {
  LoweredStep lowered = s.begin("mac_array");
  const Quantisation result = result_grid(s, mac);
  ConvPlan plan = plan_of(s, mac, result);
  const int bits = plan.in.dtype == DType::Int16 ? kInt16AccumulatorBits : 32;
  if (s.context.function && accumulator_bound(plan) >= std::int64_t{1} << (bits - 1))
    s.refuse("sums of " + std::to_string(mac.problem.taps()) + " products can overflow int" +
             std::to_string(bits) + " accumulators");
  const std::int64_t weight_bytes = mac.problem.oc * mac.problem.taps(),
                     entry_bytes = mac.problem.oc * static_cast<std::int64_t>(sizeof(AffineEntry));
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
  if (mac.activation) {
    job.activation = s.context.function ? plan_lookup(*mac.activation, result, s.out().grid)
                                        : LookupPlan{result, s.out().grid, {}, {}};
    lowered.work.table_elements = s.out().elements * byte_size(s.out().grid.dtype);
  }
  lowered.work.read_bytes += weight_bytes + entry_bytes;
  lowered.work.macs = mac.problem.macs() * (plan.in.dtype == DType::Int16 ? s.machine.mac.int16_passes : 1);
  lowered.programs.push_back(
      s.fastest({"mac_array"}, lowered.work, [&](const Way& way, const MachineParams& machine) {
        return mac.lower(s.step.name, job, machine, way.tile_bytes);
      }));
  if (s.context.function) lowered.ideal = ideal_of(s, std::move(mac), std::move(plan));
  return lowered;
}

}  // namespace bpusim
