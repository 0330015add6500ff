// From a norm to a program of its exported sub-operators: blocks of whole sets, int16 tensors kept in SRAM.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/norms/decomposed.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// A part with its places in DRAM; `constants` holds gamma, then beta, int16 each.
struct DecomposedJob {
  const NormPart* part = nullptr;
  DecomposedPlan plan;
  std::int64_t x = 0, y = 0, constants = 0;
};

/// Adds the parts that have statistics. Throws std::invalid_argument where a set with its int16 tensors does
/// not fit in SRAM.
Program lower_decomposed(const std::string& name, const std::vector<DecomposedJob>& jobs,
                         const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
