#include "sim/report/metric_text.h"

#include <cmath>

namespace bpusim {

namespace {

std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string number_text(const Shown& shown, double number) {
  const double scaled = number * shown.times / shown.per;
  if (std::isnan(scaled)) return "-";  // a share of nothing, as JSON's null
  return shown.as == Shown::As::Decibels ? decibels(scaled) : fixed(scaled, shown.decimals);
}

std::string whole_text(const Shown& shown, std::int64_t whole) {
  switch (shown.as) {
    case Shown::As::Grouped:
      return grouped(whole);
    case Shown::As::Bytes:
      return bytes_text(whole);
    case Shown::As::Fixed:
      return number_text(shown, static_cast<double>(whole));
    default:
      return std::to_string(whole);
  }
}

}  // namespace

std::string decibels(double db) {
  return db >= kExactDb ? "exact" : fixed(db, 2);
}

std::string text_of(const MetricInfo& metric, const Value& value) {
  const Shown& shown = metric.shown;
  if (const auto* text = std::get_if<std::string>(&value))
    return shown.as == Shown::As::Elided ? elided(*text) : *text;
  if (const auto* names = std::get_if<std::vector<std::string>>(&value)) return joined_names(*names);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "yes" : "no";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return whole_text(shown, *whole);
  if (const auto* number = std::get_if<double>(&value)) return number_text(shown, *number);
  return "-";
}

std::string text_of(const RunResult& result, const std::string& metric) {
  const RunMetric& found = metric_of(run_metrics(), metric);
  return text_of(found, found.read(result));
}

}  // namespace bpusim
