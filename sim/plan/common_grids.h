// Grids that are given, where the machine moves codes and so wants one grid on both sides.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// Operators whose result is on the grid of what they read (OperatorDefinition::keeps_grid, Concat) get it
/// there: a given grid goes on to the other side where nobody else reads what is there; else, and where two
/// grids meet, a Clip requantises before the operator (behind it, for Split). Resize between elements gives
/// numbers of its own: that they are rounded twice is said in Network::notes.
Network with_common_grids(Network network);

}  // namespace bpusim
