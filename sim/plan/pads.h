// Zeros around a tensor, as part of the operators that read them.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// Without Pads of constant zeros in space that only convolutions and means over windows read: their own pads
/// grow instead. A zero is the zero point of any grid, so that the codes stay the same. `network` has its
/// shapes.
Network pads_in_windows(Network network);

}  // namespace bpusim
