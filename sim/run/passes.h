// The passes of one run, in order.
#pragma once

#include <vector>

#include "sim/run/simulate.h"

namespace bpusim {

/// A run, and what it found out about its own quantisation.
struct RunPass {
  RunResult result;
  RunSpec settled;  ///< the run with "auto" replaced by what it found; as it was without function
};

/// One run as it is asked for: nothing is looked for in runs beside it.
RunPass run_once(const Scenario& scenario, const RunOptions& options,
                 const std::vector<Observer*>& observers);

}  // namespace bpusim
