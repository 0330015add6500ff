// A run from its description to its result: quantise, place, lower, execute, compare.
#pragma once

#include "models/machine_params.h"
#include "sim/config/policy.h"
#include "sim/operators/step_lowering.h"
#include "sim/result/result.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// Throws InputError and PlacementError. Steps that look like one in `known` are lowered in the same way,
/// which saves the search for the fastest; how this run's were goes to `taken`, where that is wanted.
RunResult execute_run(const RunSpec& run, const MachineParams& machine, const Policy& policy, bool function,
                      const Ways& known = {}, Ways* taken = nullptr);

/// Where every operator would go, without a simulation, and what would be worth changing.
CheckResult check_run(const RunSpec& run, const Policy& policy);

}  // namespace bpusim
