// Mappings that the run asks for and that change nothing, in words.
#pragma once

#include <string>
#include <vector>

#include "sim/compile/network_compiler.h"

namespace bpusim {

/// A line for each mapping and reason, with the norms that were laid out in another way, and one where the
/// mapping of the whole run meets no norm. Norms that are folded into another node go by the choice for them
/// alone, not by that of the whole run.
std::vector<std::string> unused_mappings(const RunSpec& run, const PlacedNetwork& placed,
                                         const CompiledNetwork& compiled);

}  // namespace bpusim
