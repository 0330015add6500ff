// Reductions over sets: whole sets side by side where they fit, else one after the other in chunks.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/norms/norm.h"
#include "kernels/vector/reduction.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// A reduction of the tensor at `x` to one value a set, row-major at `y`, int8. `part` says what a set is:
/// its statistic is not looked at, but must not be Given.
struct ReductionJob {
  NormPart part;
  ReductionPlan plan;
  std::int64_t x = 0, y = 0;
};

/// Throws std::invalid_argument where the SRAM is too small for a chunk of a set.
Program lower_reduction(const std::string& name, const ReductionJob& job, const MachineParams& machine,
                        std::int64_t tile_bytes);

}  // namespace bpusim
