// Names that a run gives of its network's parts: all that are none are said at once.
#pragma once

#include "sim/plan/placed_network.h"

namespace bpusim {

/// Throws InputError with a line for each name under on, int16, int32, float32 and int8 that stands for
/// nothing of the network, and for those of the model that were found while it was read
/// (RunSpec::unknown_names). Nodes and steps of `placed` are enough.
void refuse_unknown_names(const RunSpec& run, const PlacedNetwork& placed);

/// A line for each operator under `on` of which the file has none: nothing goes where it says.
std::vector<std::string> places_in_vain(const RunSpec& run, const Network& placed);

}  // namespace bpusim
