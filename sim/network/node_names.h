// Which nodes a name that somebody gives stands for.
#pragma once

#include <string>
#include <vector>

#include "sim/network/network.h"

namespace bpusim {

/// Names of the nodes that a name stands for: its own node's, or else those of all nodes that have it in
/// front of a /. Nodes that a file holds as one (a QLinearConv, a call of a function, an If) are called after
/// it
/// ("c/Conv" of c), and exporters call nodes after their modules. Empty where there is none.
std::vector<std::string> nodes_named(const std::string& name, const Network& network);

/// `names`, with the nodes that each stands for in its place; what stands for none stays.
std::vector<std::string> with_nodes_named(const std::vector<std::string>& names, const Network& network);

}  // namespace bpusim
