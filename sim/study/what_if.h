// What a run would take with a change: the network again, on the changed machine or policy, timing alone.
#pragma once

#include "sim/run/run.h"

namespace bpusim {

/// Tries what the advice of a run would change, each change alone, and gives the advice the time that it
/// would win of the whole run (in place of the sum of operators priced alone) and its order. A change that
/// cannot be run (InputError, PlacementError) keeps the figures that it had.
void try_changes(const RunSpec& run, const MachineParams& machine, const Policy& policy, const Ways& ways,
                 RunResult& result);

}  // namespace bpusim
