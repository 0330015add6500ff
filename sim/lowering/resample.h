// Resize on the vector unit: whole planes where they fit, else rows of one.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/vector/resample.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// int8 tensors at `x` and `y`. Throws std::invalid_argument where not even one output row fits in SRAM.
Program lower_resample(const std::string& name, const ResamplePlan& plan, std::int64_t x, std::int64_t y,
                       const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
