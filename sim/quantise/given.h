// Grids that the model or the run gives: which tensors are on them, and what a run asks for in vain because
// of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/plan/placed_network.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// The grid that somebody gives the value, where it is of the type that the value takes.
std::optional<Quantisation> given_grid(const PlacedNetwork& placed, const std::string& value);

/// Steps whose result is on a given grid, its own or that of its class, and inputs of the network that are.
std::vector<std::string> on_given_grids(const PlacedNetwork& placed);

/// Given grids that are not used, since the value is of another type here; nodes that are asked for on the
/// BPU and run on the CPU; and what the run says of the grids of single nodes that have given ones:
/// calibration and kind of grid.
std::vector<std::string> given_in_vain(const RunSpec& run, const PlacedNetwork& placed);

}  // namespace bpusim
