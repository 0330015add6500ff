// One tensor transposed the same way several times.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// The network with one Transpose where several move the same tensor the same way, scaled or shifted by
/// numbers before: the numbers come in behind it. `network` has its shapes.
Network shared_transposes(Network network);

}  // namespace bpusim
