// Runs aligned: nodes by their names, kinds of operators by operator and side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report/compared_run.h"

namespace bpusim {

/// A node, or a kind of operators, in some of the runs.
struct AlignedRow {
  std::string name;
  std::vector<const ComparedRow*> by_run;  ///< null where a run has none

  /// Time less that of the first run; a run without it takes none.
  double difference_ms(std::size_t run) const;
  /// The same in per cent of the first run's time; nothing where that is none.
  std::optional<double> difference_percent(std::size_t run) const;
};

/// 100 (now - first) / first; nothing where `first` is 0.
std::optional<double> percent_of_first(double now, double first);

/// Nodes by name, the n-th of a name with the n-th. Those that differ most come first.
std::vector<AlignedRow> aligned_nodes(const std::vector<ComparedRun>& runs);
std::vector<AlignedRow> aligned_kinds(const std::vector<ComparedRun>& runs);

}  // namespace bpusim
