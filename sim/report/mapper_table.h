// A run as the vendor's tools print a converted model: its nodes, then rate, latency and DRAM bytes.
#pragma once

#include <string>

#include "sim/result/result.h"

namespace bpusim {

/// "id(0)" of the first BPU segment and so on; "--" on the CPU.
std::string subgraph_of(const NodeResult& node, const RunResult& result);

/// Node, ON, Subgraph, Type, Cosine Similarity, Threshold (the largest magnitude on the grid of what the node
/// reads), DataType; behind it the whole run's FPS, latency and DDR bytes.
std::string mapper_table(const RunResult& result);

}  // namespace bpusim
