// ConvTranspose on the MAC array: its phases one after the other into one tile of output, which is stored
// whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/mac/conv_transpose.h"
#include "sim/lowering/conv.h"

namespace bpusim {

/// job.weights are those of phase_weights(). Throws std::invalid_argument where not even one row of one
/// channel (or one whole group) fits in SRAM.
Program lower_conv_transpose(const std::string& name, const ConvTransposeProblem& problem, const ConvJob& job,
                             const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
