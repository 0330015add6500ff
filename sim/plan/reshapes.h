// What stands between a sum of products and the functions that fold into it.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// The same network, in which a BatchNormalization, a function of one element or arithmetic with a constant
/// a channel runs before the Reshapes (Squeeze, Flatten, Cast, ...) that stand between it and a convolution
/// or a product, so that they can run as one. Only where nobody else reads what lies between, and where the
/// channels are the same on both sides. `network` has its shapes.
Network functions_before_reshapes(Network network);

}  // namespace bpusim
