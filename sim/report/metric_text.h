// Metrics as people are shown them: cells, and columns of printed tables.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/text_table.h"
#include "sim/result/metrics.h"

namespace bpusim {

/// The value as the metric is shown; "-" where it is absent.
std::string text_of(const MetricInfo& metric, const Value& value);

/// A signal-to-noise ratio in dB with two decimals, or "exact" from kExactDb on.
std::string decibels(double db);

/// A metric of a result by its name, as it is shown. Throws std::logic_error where there is none.
std::string text_of(const RunResult& result, const std::string& metric);

/// A column of a printed table of `Of`s.
template <class Of>
struct Column {
  std::string title;  ///< as in TextTable
  std::function<std::string(const Of&)> cell;
};

/// The column that shows what `cell` says of the metric of that name. Throws std::logic_error where there is
/// none.
template <class Of>
Column<Of> column_of(const std::vector<Metric<Of>>& table, const std::string& name,
                     std::function<std::string(const Of&)> cell) {
  const Metric<Of>& metric = metric_of(table, name);
  const bool right = metric.type == ValueType::Integer || metric.type == ValueType::Number;
  return {metric.title + (right ? ">" : ""), std::move(cell)};
}

/// The column that shows the metric of that name.
template <class Of>
Column<Of> column_of(const std::vector<Metric<Of>>& table, const std::string& name) {
  const Metric<Of> metric = metric_of(table, name);
  return column_of<Of>(table, name, [metric](const Of& of) { return text_of(metric, metric.read(of)); });
}

/// An empty table with these columns.
template <class Of>
TextTable table_with(const std::vector<Column<Of>>& columns) {
  std::vector<TextColumn> titles;
  titles.reserve(columns.size());
  for (const Column<Of>& column : columns) titles.emplace_back(column.title);
  return TextTable(titles);
}

/// A row's cells.
template <class Of>
std::vector<std::string> cells_of(const std::vector<Column<Of>>& columns, const Of& row) {
  std::vector<std::string> cells;
  cells.reserve(columns.size());
  for (const Column<Of>& column : columns) cells.push_back(column.cell(row));
  return cells;
}

}  // namespace bpusim
