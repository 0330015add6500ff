#include "sim/report/csv.h"

#include <charconv>
#include <cmath>

#include "sim/report/report.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// Ends of lines stay, quoted as CSV has it; other controls do nothing to a terminal.
std::string shown(const std::string& text) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('\n', at);
    out += printable(text.substr(at, end - at));
    if (end == std::string::npos) return out;
    out += '\n';
    at = end + 1;
  }
}

// The fewest digits from which the same number is read.
std::string digits(double number) {
  if (!std::isfinite(number)) return "";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

std::string field(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(shown(*text));
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return digits(*number);
  std::string joined;
  if (const auto* names = std::get_if<std::vector<std::string>>(&value))
    for (const std::string& name : *names) joined += (joined.empty() ? "" : ";") + shown(name);
  return quoted(joined);
}

}  // namespace

std::string csv_of(const MetricTable& table) {
  std::string out;
  for (std::size_t m = 0; m < table.metrics.size(); ++m)
    out += (m == 0 ? "" : ",") + quoted(table.metrics[m].name);
  out += "\n";
  for (const std::vector<Value>& row : table.rows) {
    for (std::size_t m = 0; m < row.size(); ++m) out += (m == 0 ? "" : ",") + field(row[m]);
    out += "\n";
  }
  return out;
}

std::string csv_report(const RunResult& result) {
  return csv_of(table_of(node_metrics(), result.nodes));
}

}  // namespace bpusim
