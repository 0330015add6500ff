// What is known of a network before anything runs: shapes and element types of all values, and constants for
// whatever depends on constants and shapes alone.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// The network with the shapes and element types of all values, from those of its inputs and constants.
/// Values behind operators without a definition stay unknown and are named in Network::unknown. Throws
/// InputError that names the node whose inputs do not fit.
Network inferred(const Network& network);

/// The same, with nodes that depend on constants and shapes only evaluated to constants.
Network folded(const Network& network);

}  // namespace bpusim
