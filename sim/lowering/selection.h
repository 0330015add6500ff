// Operators that choose elements axis by axis: the DMA copies a box for each stretch of positions.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/tensor/selection.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// Tensors at `x` and `y` with elements of so many bytes; `fill` is the address of as many fill codes as the
/// last axis of the output is long.
Program lower_selection(const std::string& name, const Selection& selection, std::int64_t x, std::int64_t y,
                        std::int64_t fill, std::int64_t element_bytes, const MachineParams& machine,
                        std::int64_t tile_bytes);

}  // namespace bpusim
