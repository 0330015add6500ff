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

std::string in_own_unit(Shown::As as, double number) {
  const ColumnUnit unit = *unit_for(as, number);
  return text_in(unit, number) + " " + unit.name;
}

std::string whole_text(const Shown& shown, std::int64_t whole) {
  switch (shown.as) {
    case Shown::As::Grouped:
      return grouped(whole);
    case Shown::As::Bytes:
      return bytes_text(whole);
    case Shown::As::Macs:
      return in_own_unit(shown.as, static_cast<double>(whole));
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

std::optional<ColumnUnit> unit_for(Shown::As as, double largest) {
  constexpr double kKibi = 1024, kMebi = kKibi * 1024;
  switch (as) {
    case Shown::As::Time:
      return largest >= 1 ? ColumnUnit{"ms", 1, 3} : ColumnUnit{"us", 1e-3, 1};
    case Shown::As::Bytes:
      return largest >= kMebi        ? ColumnUnit{"MiB", kMebi, 2}
             : largest >= 10 * kKibi ? ColumnUnit{"KiB", kKibi, 1}
                                     : ColumnUnit{"B", 1, 0};
    case Shown::As::Macs:
      return largest >= 1e9   ? ColumnUnit{"GMACs", 1e9, 3}
             : largest >= 1e6 ? ColumnUnit{"MMACs", 1e6, 2}
                              : ColumnUnit{"MACs", 1, 0};
    default:
      return std::nullopt;
  }
}

std::string text_in(const ColumnUnit& unit, double number) {
  const double least = std::pow(10.0, -unit.decimals);
  const double scaled = number / unit.per;
  if (scaled > 0 && scaled < least / 2) return "<" + fixed(least, unit.decimals);
  return fixed(scaled, unit.decimals);
}

std::string title_with(const std::string& title, const ColumnUnit& unit) {
  const bool has_it = unit.name.size() >= title.size() &&
                      unit.name.compare(unit.name.size() - title.size(), title.size(), title) == 0;
  return has_it ? unit.name : title + " " + unit.name;
}

std::string text_of(const MetricInfo& metric, const Value& value) {
  const Shown& shown = metric.shown;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
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
