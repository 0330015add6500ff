// What falls back to the CPU: float operators between dequantising and quantising, with the demand that their
// time comes from.
#pragma once

#include "sim/lowering/norm.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// The step as one host task. Text never enters the machine's memory; its task has time only.
LoweredStep lower_host(const Step& step, const LoweringContext& context);

/// Adds a host task that reads the sums a BatchNormalization in training mode left in DRAM, and writes its
/// running mean and variance as float32; notes where in `lowered.float_outputs`.
void add_running_statistics(const StepLowering& s, const NormProblem& problem, const NormJob& job,
                            LoweredStep& lowered);

}  // namespace bpusim
