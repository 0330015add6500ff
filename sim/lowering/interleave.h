// Split and Concat by short rows: the whole tensor crosses the DRAM's bus in one piece, and its rows are
// taken apart or put together in SRAM.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/lowering/elementwise.h"

namespace bpusim {

/// What the copies of the pieces have in common.
struct WholeRows {
  std::int64_t address = 0;       ///< of the tensor that holds all pieces
  std::int64_t row_elements = 0;  ///< of one of its rows
  bool split = false;             ///< the pieces are made of it; else it is made of them
};

/// Whether the pieces' rows are so short that each would be a burst of its own, and the whole ones fit in
/// SRAM.
bool worth_interleaving(const std::vector<ElementwiseJob>& pieces, const WholeRows& whole,
                        const MachineParams& machine);

/// The same bytes as lower_elementwise leaves, for pieces that are copies.
Program lower_interleaved(const std::string& name, const std::vector<ElementwiseJob>& pieces,
                          const WholeRows& whole, const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
