// Which tensors stay in SRAM from the operator that makes them to those that read them, and where.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/run/placement.h"

namespace bpusim {

/// Bus addresses (in the SRAM window) of the values that stay on chip. A value stays where the machine has
/// one core and room in sram.tensor_bytes while it lives, and the BPU both makes it and reads it; the
/// network's inputs and outputs are in DRAM. Values that share bytes (a Reshape and its input) share an
/// address. First fit, in order of steps.
std::map<std::string, std::int64_t> plan_residency(const Network& network, const std::vector<Step>& steps,
                                                   const std::map<std::string, Shape>& shapes,
                                                   const MachineParams& machine);

}  // namespace bpusim
