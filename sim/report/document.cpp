#include "sim/report/document.h"

namespace bpusim {

namespace {

std::string object_of(const MetricInfo& metric) {
  const auto dot = metric.name.find('.');
  return dot == std::string::npos ? "" : metric.name.substr(0, dot);
}

// One row for keys of an object that say the same of different things: `a.{b, c}`.
bool told_together(const MetricInfo& a, const MetricInfo& b) {
  return !object_of(a).empty() && object_of(a) == object_of(b) && a.meaning == b.meaning && a.unit == b.unit;
}

std::string type_text(ValueType type) {
  switch (type) {
    case ValueType::Bool:
      return "true or false";
    case ValueType::Integer:
      return "whole number";
    case ValueType::Number:
      return "number";
    case ValueType::Text:
      return "text";
    case ValueType::Names:
      return "list of texts";
    case ValueType::Numbers:
      return "list of numbers";
    case ValueType::Scalar:
      return "number, text, true or false";
  }
  throw std::logic_error("type_text: unknown ValueType");
}

std::string values_text(const MetricInfo& metric) {
  std::string text;
  for (const std::string& choice : metric.choices) text += (text.empty() ? "`" : ", `") + choice + "`";
  if (text.empty()) text = type_text(metric.type);
  return text + (metric.optional || !metric.always_finite ? ", or null" : "");
}

std::string key_table(const std::vector<MetricInfo>& metrics) {
  bool titles = false;
  for (const MetricInfo& metric : metrics) titles = titles || !metric.title.empty();
  std::string text = titles ? "| key | column | values | unit | meaning |\n|---|---|---|---|---|\n"
                            : "| key | values | unit | meaning |\n|---|---|---|---|\n";
  for (std::size_t m = 0; m < metrics.size();) {
    const MetricInfo& first = metrics[m];
    std::string keys = key_of(first), columns = first.title;
    std::size_t end = m + 1;
    for (; end < metrics.size() && told_together(first, metrics[end]); ++end) {
      keys += ", " + key_of(metrics[end]);
      if (metrics[end].title != first.title) columns += ", " + metrics[end].title;
    }
    const std::string name = end == m + 1 ? first.name : object_of(first) + ".{" + keys + "}";
    text += "| `" + name + "` | " + (titles ? columns + " | " : "") + values_text(first) + " | " +
            first.unit + " | " + first.meaning + " |\n";
    m = end;
  }
  return text;
}

bool same_keys(const MetricTable& a, const MetricTable& b) {
  if (a.metrics.size() != b.metrics.size()) return false;
  for (std::size_t m = 0; m < a.metrics.size(); ++m)
    if (a.metrics[m].name != b.metrics[m].name) return false;
  return true;
}

std::string reference_of(const std::vector<Part>& parts, const std::string& path) {
  std::string text;
  const Part* before = nullptr;
  for (const Part& part : parts) {
    const bool is_inline = part.form == Part::Form::Inline;
    const bool told = before != nullptr && same_keys(before->table, part.table);
    const std::string key = path + part.key + (part.form == Part::Form::List ? "[]" : "");
    if (!is_inline)
      text += "`" + key + "`: " + part.meaning + (told ? "; keys as in `" + path + before->key + "`" : "") +
              ".\n\n";
    if (is_inline && !part.meaning.empty()) text += part.meaning + ".\n\n";
    if (!part.table.metrics.empty() && !told) text += key_table(part.table.metrics) + "\n";
    text += reference_of(part.parts, is_inline ? path : key + ".");
    before = &part;
  }
  return text;
}

}  // namespace

std::vector<KeyGroup> groups_of(const std::vector<MetricInfo>& metrics) {
  std::vector<KeyGroup> groups;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const std::string object = object_of(metrics[m]);
    if (object.empty() || groups.empty() || groups.back().object != object)
      groups.push_back({object, m, 0, true});
    ++groups.back().count;
    groups.back().optional = groups.back().optional && metrics[m].optional;
  }
  return groups;
}

std::string key_of(const MetricInfo& metric) {
  return metric.name.substr(metric.name.find('.') + 1);  // the whole name where there is no dot
}

std::string reference_of(const Document& document) {
  return "### `bpusim " + document.command + "`\n\n`schema` is `" + document.schema + "`.\n\n" +
         reference_of(document.parts, "");
}

}  // namespace bpusim
