// The table of nodes: its columns by importance, those that a reader chooses, and the rows of large networks.
#pragma once

#include <string>

#include "sim/report/report.h"

namespace bpusim {

/// With its heading.
std::string node_table(const RunResult& result, const TextStyle& style);

}  // namespace bpusim
