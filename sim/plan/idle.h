// Nodes that do nothing.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// Without nodes that give a tensor back as it is: copies (Identity, Dropout in inference, a Cast between
/// wide floats), moves of every element to its own place (a Slice of everything, a Pad of nothing, a Resize
/// by 1, a Transpose of axes that stay), operators on many tensors that have one, and arithmetic with the
/// neutral number. A move that changes the shape alone becomes a Reshape, and one that makes an output of the
/// network an Identity. `network` has its shapes.
Network without_idle_nodes(Network network);

}  // namespace bpusim
