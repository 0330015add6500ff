// A run's rows put together: by segment, and by kind of operator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/result/result.h"

namespace bpusim {

/// Neighbours on the same side.
struct SegmentSummary {
  int number = 0;
  Side on = Side::Bpu;
  std::size_t first = 0, count = 0;  ///< rows
  std::int64_t cycles = 0;
};
std::vector<SegmentSummary> segments_of(const std::vector<NodeResult>& nodes);

/// Rows of the same operator on the same side.
struct KindSummary {
  std::string op;
  Side on = Side::Bpu;
  std::size_t count = 0;
  std::int64_t cycles = 0, dram_bytes = 0, macs = 0;
  double mac_utilisation = 0;  ///< of all MACs over the kind's cycles
};
/// The longest first.
std::vector<KindSummary> kinds_of(const std::vector<NodeResult>& nodes);

/// Rows for a short table, in the run's order: the slowest, and all on the CPU.
std::vector<std::size_t> rows_of_interest(const std::vector<NodeResult>& nodes, std::size_t slowest);

/// The worst accuracy among the network's outputs; nothing without function.
struct OutputAccuracy {
  bool known = false;
  double cosine = 1, sqnr_db = 0;
};
OutputAccuracy output_accuracy(const std::vector<NodeResult>& nodes);

}  // namespace bpusim
