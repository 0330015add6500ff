// Which tensors lie as float32: those that no operator of the BPU makes or reads. What the BPU reads and the
// CPU too lies twice.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// The tensors that lie as float32: made by the CPU or given to the network, and read by the CPU or by
/// nobody. Where the BPU reads such a value as well, and where it leaves the network, a node of kQuantise is
/// added on the CPU that makes the BPU's copy; a constant is held twice instead. Another shape of the same
/// bytes is no reader. A value whose grid is given stays on it.
std::set<std::string> keep_floats(Network& network, std::vector<Step>& steps);

/// Values that are `value` on the BPU's grid, perhaps under another shape: outputs of kQuantise.
std::vector<std::string> quantised_copies(const Network& network, const std::string& value);

}  // namespace bpusim
