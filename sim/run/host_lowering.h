// What falls back to the CPU: float operators between dequantising and quantising, with the demand that their
// time comes from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/compile/norm_lowering.h"
#include "sim/run/step_lowering.h"

namespace bpusim {

/// The step as one host task. Text never enters the machine's memory; its task has time only.
LoweredStep lower_host(const Step& step, const LoweringContext& context);

/// Adds a host task that reads the sums a BatchNormalization in training mode left in DRAM, and writes its
/// running mean and variance as float32; notes where in `lowered.float_outputs`.
void add_running_statistics(const std::string& name, const NormProblem& problem, const NormJob& job,
                            const Node& node, const LoweringContext& context, LoweredStep& lowered);

/// Ideal codes of a float operator: dequantised inputs, float64 arithmetic, one rounding.
std::function<std::vector<std::int64_t>(const std::vector<std::vector<std::int64_t>>&)> ideal_of_float(
    const Node& node, const LoweringContext& context, const std::vector<Quantisation>& in,
    const std::vector<Quantisation>& out);

}  // namespace bpusim
