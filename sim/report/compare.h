// Runs side by side: other policies, machines, settings, models or options.
#pragma once

#include <string>
#include <vector>

#include "sim/report/compared_run.h"
#include "sim/report/report.h"

namespace bpusim {

/// What all share and what each has of its own, totals, kinds of operators, and the nodes whose time differs
/// most; differences are from the first run. Fits 80 columns where there are two runs, or three with short
/// labels. At least one run.
std::string text_comparison(const std::vector<ComparedRun>& runs, const TextStyle& style = {});

/// Keys as in docs/report.md.
std::string json_comparison(const std::vector<ComparedRun>& runs, const Making& making = {});

/// CSV, a row a node: name, for each run but the first its "b.difference_ms" and "b.difference_percent", and
/// the columns of csv_report for each run, as "a.cycles" and "b.cycles"; empty where a run has no such node.
/// The nodes that differ most come first.
std::string csv_comparison(const std::vector<ComparedRun>& runs);

}  // namespace bpusim
