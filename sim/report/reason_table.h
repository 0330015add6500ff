// Where nodes run and why, nodes of one reason in a row.
#pragma once

#include <string>
#include <vector>

#include "sim/report/report.h"

namespace bpusim {

/// A node, where it runs, and why.
struct PlacedReason {
  std::string name, op, reason, source;
  Side on = Side::Nowhere;
};

/// A row a side, reason and source: how many nodes, of what operators, and of those that are not on the BPU
/// the names of a few.
std::string reason_table(const std::vector<PlacedReason>& nodes, const TextStyle& style);

}  // namespace bpusim
