// What can be read from a result, one row a metric: its key in JSON, unit, meaning and how people are shown
// it. The printed tables, JSON, CSV, the JSON Schemas and docs/report.md follow from these tables.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "sim/result/conformance.h"
#include "sim/result/result.h"
#include "sim/result/summary.h"

namespace bpusim {

/// What a metric reads; nothing (monostate) where the result has no such figure.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>,
                           std::vector<double>>;

/// What a metric's values are, where they are there. A scalar is a number, a text or a truth.
enum class ValueType { Bool, Integer, Number, Text, Names, Numbers, Scalar };

/// The value as a number, for comparing and for arithmetic: true is 1. Nothing for texts, lists and absent
/// values.
std::optional<double> as_number(const Value& value);

/// How people are shown a value. Numbers are multiplied by `times` and divided by `per` first. Columns of
/// times, bytes and MACs have one unit, that of the largest.
struct Shown {
  enum class As { Plain, Grouped, Fixed, Time, Bytes, Macs, Decibels };
  As as = As::Plain;
  int decimals = 0;
  double times = 1, per = 1;

  static Shown grouped() { return {As::Grouped}; }       ///< 12,345
  static Shown time() { return {As::Time, 3}; }          ///< of milliseconds: 8.057
  static Shown bytes() { return {As::Bytes}; }           ///< 1.5 MiB
  static Shown macs() { return {As::Macs}; }             ///< 4.09 GMACs
  static Shown decibels() { return {As::Decibels, 2}; }  ///< 24.17, or "exact" from kExactDb on
  static Shown fixed(int decimals, double times = 1, double per = 1) {
    return {As::Fixed, decimals, times, per};
  }
};

/// All of a metric but how it is read.
struct MetricInfo {
  std::string name;  ///< key in JSON and column in CSV; "a.b" is key b of the object a
  std::string unit;  ///< "ms", "B"; empty for texts and plain numbers
  std::string meaning;
  ValueType type = ValueType::Text;
  bool optional = false;             ///< may be absent; an object whose keys are all absent is null in JSON
  bool always_finite = true;         ///< else a number may be NaN or infinite, which JSON writes as null
  std::vector<std::string> choices;  ///< of a text: all that it can be; empty where that is open
  std::string title;                 ///< of its column in printed tables; empty where it has none
  Shown shown;
};

inline Value to_value(bool value) {
  return value;
}
inline Value to_value(int value) {
  return static_cast<std::int64_t>(value);
}
inline Value to_value(std::int64_t value) {
  return value;
}
inline Value to_value(std::size_t value) {
  return static_cast<std::int64_t>(value);
}
inline Value to_value(double value) {
  return value;
}
inline Value to_value(const char* value) {
  return std::string(value);
}
inline Value to_value(std::string value) {
  return value;
}
inline Value to_value(std::vector<std::string> value) {
  return value;
}
inline Value to_value(std::vector<double> value) {
  return value;
}
inline Value to_value(const ParameterValue& value) {
  return std::visit([](const auto& held) { return Value(held); }, value);
}
template <class T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value();
}

/// Of what C++ type the values are, without a value.
template <class T>
struct ValueTypeOf {
  static constexpr bool kOptional = false;
  static constexpr ValueType kType = std::is_same_v<T, bool>                       ? ValueType::Bool
                                     : std::is_integral_v<T>                       ? ValueType::Integer
                                     : std::is_floating_point_v<T>                 ? ValueType::Number
                                     : std::is_same_v<T, std::vector<std::string>> ? ValueType::Names
                                     : std::is_same_v<T, std::vector<double>>      ? ValueType::Numbers
                                     : std::is_same_v<T, ParameterValue>           ? ValueType::Scalar
                                                                                   : ValueType::Text;
};
template <class T>
struct ValueTypeOf<std::optional<T>> {
  static constexpr bool kOptional = true;
  static constexpr ValueType kType = ValueTypeOf<T>::kType;
};

/// A metric of results of type `Of`.
template <class Of>
struct Metric : MetricInfo {
  std::function<Value(const Of&)> read;

  /// Type and optional follow from what `reading` (a member, or a function of an Of) returns.
  template <class Reading>
  Metric(const std::string& key, const std::string& unit_of_it, const std::string& means, Reading reading) {
    name = key;
    unit = unit_of_it;
    meaning = means;
    using Result = std::decay_t<std::invoke_result_t<Reading, const Of&>>;
    type = ValueTypeOf<Result>::kType;
    optional = ValueTypeOf<Result>::kOptional;
    read = [reading](const Of& of) { return to_value(std::invoke(reading, of)); };
  }

  /// The column of printed tables.
  Metric column(const std::string& title_of_column, Shown how = {}) const {
    Metric metric = *this;
    metric.title = title_of_column;
    metric.shown = how;
    return metric;
  }
  /// All that a text can be.
  Metric one_of(const std::vector<std::string>& texts) const {
    Metric metric = *this;
    metric.choices = texts;
    return metric;
  }
  /// A number that may be NaN or infinite.
  Metric not_always_finite() const {
    Metric metric = *this;
    metric.always_finite = false;
    return metric;
  }
};

/// An engine, a kind or a segment with the run that it is of: its clock and cycles make times and shares.
template <class T>
struct PartOf {
  const RunResult& run;
  const T& part;
};

/// The parts, each with its run; both must outlive the answer.
template <class T>
std::vector<PartOf<T>> parts_of(const RunResult& run, const std::vector<T>& parts) {
  std::vector<PartOf<T>> list;
  list.reserve(parts.size());
  for (const T& part : parts) list.push_back({run, part});
  return list;
}

using RunMetric = Metric<RunResult>;
using NodeMetric = Metric<NodeResult>;
using EngineMetric = Metric<PartOf<EngineUse>>;
using KindMetric = Metric<PartOf<KindSummary>>;
using SegmentMetric = Metric<PartOf<SegmentSummary>>;

// Tables in the order of the keys in JSON.
const std::vector<RunMetric>& total_metrics();    ///< what ran, and the run's totals: "total.time_ms"
const std::vector<RunMetric>& stall_metrics();    ///< cycles of all engines without work: "stalls.dram"
const std::vector<RunMetric>& host_metrics();     ///< what no figure depends on: "host.wall_seconds"
const std::vector<RunMetric>& summary_metrics();  ///< of all nodes together, not in JSON: "output.cosine"
const std::vector<NodeMetric>& node_metrics();
const std::vector<EngineMetric>& engine_metrics();
const std::vector<SegmentMetric>& segment_metrics();
const std::vector<Metric<OutputResult>>& output_metrics();
const std::vector<KindMetric>& kind_metrics();
const std::vector<Metric<PlacedNode>>& placed_node_metrics();
const std::vector<Metric<ConformanceCase>>& conformance_metrics();
const std::vector<Metric<Making>>& making_metrics();      ///< of host_metrics() what is of no run
const std::vector<Metric<Identity>>& identity_metrics();  ///< "model.sha256"
const std::vector<Metric<MachineParameter>>& parameter_metrics();
const std::vector<Metric<NamedFile>>& file_metrics();

/// All metrics of a whole run: totals, stalls, host and summary.
const std::vector<RunMetric>& run_metrics();

/// The metric of that name in a table, or null.
template <class Of>
const Metric<Of>* find_metric(const std::vector<Metric<Of>>& table, const std::string& name) {
  for (const Metric<Of>& metric : table)
    if (metric.name == name) return &metric;
  return nullptr;
}

/// A metric of a whole run by its name, "total.time_ms" or "output.cosine", or null.
const RunMetric* find_metric(const std::string& name);

/// The same, or std::logic_error where there is none: for names that the program itself writes.
template <class Of>
const Metric<Of>& metric_of(const std::vector<Metric<Of>>& table, const std::string& name) {
  const Metric<Of>* metric = find_metric(table, name);
  if (metric == nullptr) throw std::logic_error("there is no metric " + name);
  return *metric;
}

/// Values of some metrics of some results, a row a result.
struct MetricTable {
  std::vector<MetricInfo> metrics;
  std::vector<std::vector<Value>> rows;
};

/// `results` is a range of what the metrics are of.
template <class Of, class Results>
MetricTable table_of(const std::vector<Metric<Of>>& metrics, const Results& results) {
  MetricTable table;
  table.metrics.assign(metrics.begin(), metrics.end());
  for (const Of& result : results) {
    std::vector<Value>& row = table.rows.emplace_back();
    row.reserve(metrics.size());
    for (const Metric<Of>& metric : metrics) row.push_back(metric.read(result));
  }
  return table;
}

/// Joins tables of metrics of the same results.
template <class Of>
std::vector<Metric<Of>> joined(const std::vector<std::vector<Metric<Of>>>& tables) {
  std::vector<Metric<Of>> all;
  for (const std::vector<Metric<Of>>& table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace bpusim
