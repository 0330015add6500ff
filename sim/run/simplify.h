// Constant folding: what depends on constants and shapes only becomes a constant, and its nodes go.
#pragma once

#include "sim/network/network.h"
#include "sim/run/golden.h"

namespace bpusim {

/// `golden` holds the values of all of the network's tensors. Every value gets its shape.
Network fold_constants(const Network& network, const GoldenValues& golden);

/// The inputs of a node that are tensors on the machine: activations, and constants that element-wise
/// operators and Concat read as tensors. Scalars and parameters belong to their operator.
std::vector<std::string> tensor_inputs(const Node& node, const Network& network);

}  // namespace bpusim
