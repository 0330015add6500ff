// Advice, tried: the run once more with what each line of it would change.
#pragma once

#include "sim/run/simulate.h"

namespace bpusim {

/// Fills in what the whole run takes with each change that a run can try, and puts the advice in order by it.
/// Timing only, but with values where an operator takes another form. `choices` are those of the run that the
/// advice is for.
void try_changes(const Scenario& scenario, const RunOptions& options, const LoweringChoices& choices,
                 RunResult& result);

}  // namespace bpusim
