// Which tensors are int16: those that the run names, and what is on one grid with them.
#pragma once

#include <string>
#include <vector>

#include "sim/plan/placed_network.h"

namespace bpusim {

/// Makes the outputs of the named nodes, and named inputs of the network, int16, with all tensors on the same
/// grid and the values inside a step that makes one. Where a step of the BPU takes a tensor in the other type
/// (its operator has no int16 form; its residual and its result differ) a step of kRequantise is added
/// between: nodes and steps are then others than before. kEverything stands for all that can be int16, but
/// for the nodes and inputs `kept`, and for what has a given int8 grid. Throws InputError for a name that is
/// none, and with int16_obstacle.
void widen(PlacedNetwork& placed, const std::vector<std::string>& names,
           const std::vector<std::string>& kept = {});

/// Why a name stands for no tensor that could be int16, with a suggestion: "'x' is no node that runs, …";
/// empty where it stands for some.
std::string no_tensor_named(const std::string& name, const PlacedNetwork& placed);

/// Of `names`, as widen() takes them, those whose tensors are all float32, which no int16 changes.
std::vector<std::string> names_of_floats(const PlacedNetwork& placed, const std::vector<std::string>& names);

/// Values that widen() would make int16 for this name, and that are not yet.
std::vector<std::string> values_widened_by(const PlacedNetwork& placed, const std::string& name);

/// Of `names`, as widen() takes them, those that leave no obstacle, one after the other. A step and what
/// makes its residual must be of one type: those that a name cannot do without go with it, behind it.
std::vector<std::string> widenable(const PlacedNetwork& placed, const std::vector<std::string>& names);

/// The first operator on the BPU that cannot write the int16 tensors that it should, and what can be done;
/// empty where all can.
std::string int16_obstacle(const PlacedNetwork& placed);

}  // namespace bpusim
