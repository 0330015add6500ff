// Which tensors stay in SRAM from the operator that makes them to those that read them, and where.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/machine_params.h"
#include "sim/plan/placed_network.h"

namespace bpusim {

/// Tensors on chip.
struct Residency {
  std::map<std::string, std::int64_t> addresses;  ///< of roots, in the cores' windows
  std::int64_t high_water_bytes = 0;              ///< of one core's sram.tensor_bytes
};

/// A tensor stays where there is room in some core's sram.tensor_bytes while it lives, and the BPU alone
/// makes it and reads it; the network's inputs and outputs are in DRAM. First fit, in order of steps; cores
/// take turns.
Residency plan_residency(const PlacedNetwork& placed, const MachineParams& machine);

}  // namespace bpusim
