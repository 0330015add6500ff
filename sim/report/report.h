// A run's result for people (text), for scripts (JSON) and for tables (CSV).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/report/text_layout.h"
#include "sim/result/result.h"

namespace bpusim {

/// Of texts that are for no terminal: files, pipes.
constexpr std::size_t kReportWidth = 120;

/// How a text looks.
struct TextStyle {
  bool all_nodes = true;                  ///< else of many nodes the slowest and those on the CPU
  bool colour = false;                    ///< by escape sequences, for terminals
  std::size_t width = kReportWidth;       ///< columns of a terminal that lines have at most
  bool wide = false;                      ///< all columns of tables, and names whole, however wide that is
  std::vector<std::string> columns = {};  ///< of the table of nodes, by the metric's name; empty: what fits

  std::size_t table_width() const { return wide ? kAnyWidth : width; }
};

/// A line that starts a part of a text.
std::string heading(const std::string& text, const TextStyle& style);

/// Lines below a title, wrapped; nothing without lines.
std::string lines_under(const char* title, const std::vector<std::string>& lines, const TextStyle& style);

/// "name   value" of a list of totals, wrapped.
std::string total_row(const std::string& name, const std::string& value, const TextStyle& style);

/// Throws InputError with a suggestion, and with all names that there are, where one is of no column.
void check_node_columns(const std::vector<std::string>& names);

std::string text_report(const RunResult& result, const TextStyle& style = {});

/// Keys as in docs/report.md; two spaces of indentation.
std::string json_report(const RunResult& result);

/// CSV, a row a node; the columns are the keys of nodes[] in JSON, those of an object in it as
/// "accuracy.cosine". See csv_of (csv.h).
std::string csv_report(const RunResult& result);

/// A command line that goes on from a result, and what it tells.
struct NextCommand {
  std::string line, tells;
};

/// Where operators would run, why, and what to do next.
std::string text_placement(const CheckResult& result, const TextStyle& style = {},
                           const std::vector<NextCommand>& next = {});
std::string json_placement(const CheckResult& result);

}  // namespace bpusim
