// Softmax over rows whose elements may lie apart.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/vector/softmax.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// `rows` rows of the shape at `x` to as many at `y`, int8. Throws std::invalid_argument where a row does not
/// fit in SRAM.
Program lower_softmax(const std::string& name, const SoftmaxPlan& plan, std::int64_t rows,
                      const SoftmaxRowShape& shape, std::int64_t x, std::int64_t y,
                      const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
