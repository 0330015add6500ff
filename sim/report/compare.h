// Two runs of the same work, side by side: other policies, other machines, other settings.
#pragma once

#include <string>

#include "sim/report/report.h"

namespace bpusim {

/// Totals, kinds of operators, and the nodes whose time differs most.
std::string text_comparison(const RunResult& a, const RunResult& b, const TextStyle& style = {});

/// Keys as in docs/report.md.
std::string json_comparison(const RunResult& a, const RunResult& b);

/// CSV, a row a node: name, difference_ms, and the columns of csv_report for each side, as "a.cycles" and
/// "b.cycles"; empty where a side has no such node. The nodes that differ most come first.
std::string csv_comparison(const RunResult& a, const RunResult& b);

}  // namespace bpusim
