// A run's result for people (text), for scripts (JSON) and for tables (CSV).
#pragma once

#include <string>
#include <vector>

#include "sim/result/result.h"

namespace bpusim {

/// How a text looks.
struct TextStyle {
  bool all_nodes = true;  ///< else of many nodes the slowest and those on the CPU
  bool colour = false;    ///< by escape sequences, for terminals
};

/// A line that starts a part of a text.
std::string heading(const std::string& text, const TextStyle& style);

std::string text_report(const RunResult& result, const TextStyle& style = {});

/// Keys as in docs/report.md; two spaces of indentation.
std::string json_report(const RunResult& result);

/// CSV, a row a node; the columns are the keys of nodes[] in JSON, those of an object in it as
/// "accuracy.cosine". See csv_of (csv.h).
std::string csv_report(const RunResult& result);

std::string text_placement(const CheckResult& result, const TextStyle& style = {});
std::string json_placement(const CheckResult& result);

}  // namespace bpusim
