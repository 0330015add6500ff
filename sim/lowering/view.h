// Operators that only move elements: the DMA reads by strides and writes what it read.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/tensor/view.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// Tensors of `element_bytes` an element at `x` and `y`.
Program lower_view(const std::string& name, const View& view, std::int64_t x, std::int64_t y,
                   std::int64_t element_bytes, const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
