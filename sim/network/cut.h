// A part of a model in place of the whole: it ends earlier, or without nodes at its edges.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/network/network.h"

namespace bpusim {

/// The network's outputs become those of the named nodes, in that order; nodes that nobody reads any more go.
/// The names are nodes of the network.
void end_at(const std::vector<std::string>& nodes, Network& network);

/// Takes out nodes that match and touch the network's edge, one after the other, until there are none: one
/// that alone reads an input and whose other operands are constant, so that the input then is what it made;
/// or one whose only output leaves the network and is read by nobody, so that its first input leaves in its
/// place. Of operators whose result's shape follows from the input's: Cast, Quantize, Dequantize and Softmax,
/// Transpose, and a Reshape to constant extents. Returns the names.
std::vector<std::string> remove_at_edges(const std::function<bool(const Node&)>& matches, Network& network);

}  // namespace bpusim
