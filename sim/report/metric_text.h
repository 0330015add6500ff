// Metrics as people are shown them: cells, and columns of printed tables.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/text_table.h"
#include "sim/result/metrics.h"

namespace bpusim {

/// The value as the metric is shown, on its own; "-" where it is absent.
std::string text_of(const MetricInfo& metric, const Value& value);

/// A signal-to-noise ratio in dB with two decimals, or "exact" from kExactDb on.
std::string decibels(double db);

/// A metric of a result by its name, as it is shown. Throws std::logic_error where there is none.
std::string text_of(const RunResult& result, const std::string& metric);

/// The unit of a column's numbers: that of the largest, so that all can be compared.
struct ColumnUnit {
  std::string name;  ///< "ms", "KiB", "GMACs"
  double per = 1;    ///< numbers are divided by it
  int decimals = 0;
};

/// For figures that are shown as times, bytes or MACs; nothing for others.
std::optional<ColumnUnit> unit_for(Shown::As as, double largest);

/// The number in that unit; "<0.01" where it would be 0 and is not.
std::string text_in(const ColumnUnit& unit, double number);

/// "DRAM read" in MiB is "DRAM read MiB", and "MACs" in GMACs "GMACs".
std::string title_with(const std::string& title, const ColumnUnit& unit);

/// A column of a printed table of `Of`s.
template <class Of>
struct Column {
  TextColumn form;
  MetricInfo metric;
  std::function<Value(const Of&)> read;
  std::function<std::string(const Of&)>
      cell;  ///< in place of the metric's value as it is shown; may be empty
};

/// The column that shows the metric of that name. Throws std::logic_error where there is none.
template <class Of>
Column<Of> column_of(const std::vector<Metric<Of>>& table, const std::string& name) {
  const Metric<Of>& metric = metric_of(table, name);
  const bool right = metric.type == ValueType::Integer || metric.type == ValueType::Number;
  const std::string title = metric.title.empty() ? metric.name : metric.title;
  return {TextColumn(title + (right ? ">" : "")), metric, metric.read, {}};
}

/// The column that shows what `cell` says of that metric.
template <class Of>
Column<Of> column_of(const std::vector<Metric<Of>>& table, const std::string& name,
                     std::function<std::string(const Of&)> cell) {
  Column<Of> column = column_of(table, name);
  column.cell = std::move(cell);
  return column;
}

/// The column of a figure that says nothing where it is 0.
template <class Of>
Column<Of> but_0(Column<Of> column) {
  column.read = [read = std::move(column.read)](const Of& of) {
    const Value value = read(of);
    return as_number(value) == 0.0 ? Value() : value;
  };
  return column;
}

/// A row a result; `colour` gives the escape sequence of each, or nothing.
template <class Of, class Results>
TextTable table_with(const std::vector<Column<Of>>& columns, const Results& results,
                     const std::function<std::string(const Of&)>& colour = {}) {
  std::vector<TextColumn> forms;
  std::vector<std::optional<ColumnUnit>> units;
  for (const Column<Of>& column : columns) {
    double largest = 0;
    for (const Of& of : results) largest = std::max(largest, as_number(column.read(of)).value_or(0));
    units.push_back(column.cell ? std::nullopt : unit_for(column.metric.shown.as, largest));
    forms.push_back(column.form);
    if (units.back()) forms.back().title = title_with(forms.back().title, *units.back());
  }
  TextTable table(forms);
  for (const Of& of : results) {
    std::vector<std::string> cells;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Value value = columns[c].read(of);
      cells.push_back(columns[c].cell                ? columns[c].cell(of)
                      : units[c] && as_number(value) ? text_in(*units[c], *as_number(value))
                                                     : text_of(columns[c].metric, value));
    }
    table.add(std::move(cells), colour ? colour(of) : "");
  }
  return table;
}

}  // namespace bpusim
