// A quick guess at what a program takes: list scheduling with the engines' own prices and a DRAM of one
// width. The compiler compares mappings by it; only the machine tells what they really take.
#pragma once

#include <cstdint>

#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

std::int64_t estimate_cycles(const Program& program, const MachineParams& machine);

}  // namespace bpusim
