// From a pooling to a program: planes are tiles.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/vector/pool.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// Throws std::invalid_argument where a plane of input and output does not fit in SRAM.
Program lower_pool(const std::string& name, const PoolPlan& plan, std::int64_t x, std::int64_t y,
                   const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
