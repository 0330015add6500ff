// From a convolution to a program: rows and output channels are tiled, in the order that the mapping says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/mac/conv.h"
#include "models/commands/command.h"
#include "models/machine_params.h"
#include "sim/lowering/mac_loops.h"
#include "sim/lowering/tile_tail.h"

namespace bpusim {

/// A convolution with its places in DRAM.
struct ConvJob {
  ConvPlan plan;
  std::int64_t x = 0, y = 0, weights = 0, entries = 0;
  /// Channels behind the first are planes of half the height and width there, and come doubled; `x` holds the
  /// first channel alone. For plain convolutions of one group that take all input channels at once.
  std::optional<std::int64_t> chroma = {};
  TailJob tail;  ///< what follows each tile's sums
  MacMapping mapping = MacMapping::Rows;
};

/// Throws std::invalid_argument where not even one output row of one channel (or one whole group) fits in
/// SRAM, or where the mapping makes no difference to MacMapping::Rows.
Program lower_conv(const std::string& name, const ConvJob& job, const MachineParams& machine,
                   std::int64_t tile_bytes);

}  // namespace bpusim
