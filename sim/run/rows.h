// The rows of a result: what each step, each engine and each grid came to.
#pragma once

#include <vector>

#include "models/machine.h"
#include "sim/compile/network_compiler.h"
#include "sim/quantise/calibration.h"
#include "sim/result/result.h"
#include "sim/run/execution.h"

namespace bpusim {

/// What rows are made of. Everything must outlive the call.
struct RowInput {
  const PlacedNetwork& placed;
  const CompiledNetwork& compiled;
  const MachineParams& machine;
  const ExecutionRecord& record;
};

/// A row a step that runs, in order. A row's cycles are those by which its step took the run further, so that
/// rows add up to the run.
std::vector<NodeResult> node_rows(const RowInput& input);

/// The network's outputs, in its order; a run without `function` has no scales.
std::vector<OutputResult> output_rows(const RowInput& input, bool function);

std::vector<EngineUse> engine_rows(const Machine& machine, const StallAccounting& stalls);

/// A row a step whose accuracy was measured, worst first.
std::vector<Sensitivity> sensitivity_rows(const RowInput& input, const Observation& observation);

}  // namespace bpusim
