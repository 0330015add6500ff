#include "sim/report/json_reading.h"

#include <algorithm>
#include <limits>
#include <set>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

// A value with the place that it has, for messages.
struct Placed {
  const Json& json;
  const std::string& file;
  std::string path;

  Placed at(const std::string& key) const {
    return {json.at(key), file, path.empty() ? key : path + "." + key};
  }
  Placed at(std::size_t index) const {
    return {json.at(index), file, path + "[" + std::to_string(index) + "]"};
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(file + ": " + (path.empty() ? "" : path + ": ") + what);
  }
};

std::string shown(const Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
  constexpr std::size_t kMost = 40;
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

[[noreturn]] void expected(const std::string& what, const Placed& value) {
  value.fail("expected " + what + ", got " + shown(value.json));
}

void require_object(const Placed& value) {
  if (!value.json.is_object()) expected("an object", value);
}

// All keys there, and no others.
void require_keys(const Placed& value, const std::vector<std::string>& keys) {
  require_object(value);
  for (const auto& [key, unused] : value.json.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      value.fail("unknown key '" + printable(key) + "'" + did_you_mean(key, keys));
  for (const std::string& key : keys)
    if (!value.json.contains(key)) value.fail("the key '" + key + "' is missing");
}

template <class T>
std::vector<T> list_of(const Placed& value, const char* what, bool (*fits)(const Json&)) {
  if (!value.json.is_array()) expected(std::string("a list of ") + what, value);
  std::vector<T> list;
  for (std::size_t i = 0; i < value.json.size(); ++i) {
    if (!fits(value.json[i])) expected(what, value.at(i));
    list.push_back(value.json[i].get<T>());
  }
  return list;
}

bool is_whole(const Json& json) {
  return json.is_number_integer() &&
         (!json.is_number_unsigned() ||
          json.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

Value scalar_of(const Placed& value) {
  if (value.json.is_boolean()) return value.json.get<bool>();
  if (value.json.is_string()) return value.json.get<std::string>();
  if (is_whole(value.json)) return value.json.get<std::int64_t>();
  if (!value.json.is_number()) expected("a number, a text, true or false", value);
  return value.json.get<double>();
}

Value present_value(const MetricInfo& metric, const Placed& value) {
  switch (metric.type) {
    case ValueType::Bool:
      if (!value.json.is_boolean()) expected("true or false", value);
      return value.json.get<bool>();
    case ValueType::Integer:
      if (!is_whole(value.json)) expected("a whole number of at most 63 bits", value);
      return value.json.get<std::int64_t>();
    case ValueType::Number:
      if (!value.json.is_number()) expected("a number", value);
      return value.json.get<double>();
    case ValueType::Text:
      if (!value.json.is_string()) expected("a text", value);
      return value.json.get<std::string>();
    case ValueType::Names:
      return list_of<std::string>(value, "texts", [](const Json& item) { return item.is_string(); });
    case ValueType::Numbers:
      return list_of<double>(value, "numbers", [](const Json& item) { return item.is_number(); });
    case ValueType::Scalar:
      return scalar_of(value);
  }
  throw std::logic_error("present_value: unknown ValueType");
}

Value value_of(const MetricInfo& metric, bool may_be_null, const Placed& value) {
  if (value.json.is_null() && may_be_null) return {};
  Value read = present_value(metric, value);
  if (metric.choices.empty()) return read;
  const std::string& word = std::get<std::string>(read);
  if (std::find(metric.choices.begin(), metric.choices.end(), word) != metric.choices.end()) return read;
  std::string all;
  for (const std::string& choice : metric.choices) all += (all.empty() ? "" : ", ") + choice;
  value.fail("'" + printable(word) + "' is none of " + all);
}

// The keys that a part's table and inline parts put into the object around them.
void add_keys(const Part& part, std::vector<std::string>& keys) {
  for (const KeyGroup& group : groups_of(part.table.metrics))
    keys.push_back(group.object.empty() ? part.table.metrics[group.first].name : group.object);
  for (const Part& inner : part.parts)
    if (inner.form == Part::Form::Inline)
      add_keys(inner, keys);
    else
      keys.push_back(inner.key);
}

std::vector<Value> read_row(const std::vector<MetricInfo>& metrics, const Placed& object) {
  std::vector<Value> row;
  for (const KeyGroup& group : groups_of(metrics)) {
    const MetricInfo& first = metrics[group.first];
    if (group.object.empty()) {
      row.push_back(value_of(first, first.optional || !first.always_finite, object.at(first.name)));
      continue;
    }
    const Placed inner = object.at(group.object);
    if (group.optional && inner.json.is_null()) {
      row.resize(row.size() + group.count);
      continue;
    }
    std::vector<std::string> keys;
    for (std::size_t m = group.first; m < group.first + group.count; ++m) keys.push_back(key_of(metrics[m]));
    require_keys(inner, keys);
    for (std::size_t m = group.first; m < group.first + group.count; ++m) {
      // An object whose keys are all absent is null itself.
      const bool may_be_null = (metrics[m].optional && !group.optional) || !metrics[m].always_finite;
      row.push_back(value_of(metrics[m], may_be_null, inner.at(key_of(metrics[m]))));
    }
  }
  return row;
}

void read_part(const Placed& object, Part& part) {
  part.table.rows.clear();
  if (part.form == Part::Form::Inline) {
    if (!part.table.metrics.empty()) part.table.rows.push_back(read_row(part.table.metrics, object));
    for (Part& inner : part.parts) read_part(object, inner);
    return;
  }
  const Placed own = object.at(part.key);
  std::vector<std::string> keys;
  add_keys(part, keys);
  part.absent = part.optional && own.json.is_null();
  if (part.absent) return;
  if (part.form == Part::Form::List) {
    if (!own.json.is_array()) expected("a list of objects", own);
    for (std::size_t i = 0; i < own.json.size(); ++i) {
      require_keys(own.at(i), keys);
      part.table.rows.push_back(read_row(part.table.metrics, own.at(i)));
    }
    return;
  }
  require_keys(own, keys);
  if (!part.table.metrics.empty()) part.table.rows.push_back(read_row(part.table.metrics, own));
  for (Part& inner : part.parts) read_part(own, inner);
}

std::string line_and_column(const std::string& text, std::size_t byte) {
  const std::string before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t begin = before.rfind('\n');
  const std::size_t column = before.size() - (begin == std::string::npos ? 0 : begin + 1) + 1;
  return std::to_string(line) + ":" + std::to_string(column);
}

// Of two values of one key readers take either: such a text is refused.
Json parsed(const std::string& text, const std::string& file) {
  std::vector<std::set<std::string>> open;  // keys of the objects around the place
  const auto watch = [&](int, Json::parse_event_t event, Json& key) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(key.get<std::string>()).second)
      throw InputError(file + ": the key '" + printable(key.get<std::string>()) +
                       "' is there twice in one object");
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    throw InputError(file + ":" + line_and_column(text, error.byte) +
                     ": not valid JSON from here on: is the file cut off, or changed by hand?");
  } catch (const Json::exception&) {
    throw InputError(file + ": not valid JSON: it holds a number that is too large");
  }
}

}  // namespace

Document read_document(const std::string& text, const std::string& file, const Document& shape) {
  const Json json = parsed(text, file);
  const Placed root{json, file, ""};
  require_object(root);
  const bool named = json.contains("schema") && json["schema"].is_string();
  const std::string schema = named ? json["schema"].get<std::string>() : "";
  if (schema.empty()) root.fail("no result of bpusim: it names no schema");
  if (schema != shape.schema)
    root.fail("is '" + printable(schema) + "', and '" + shape.schema +
              "' is what is read here: a result of `bpusim " + shape.command +
              " --json` of this version; run it again with this one");
  std::vector<std::string> keys = {"schema"};
  for (const Part& part : shape.parts) {
    if (part.form == Part::Form::Inline)
      add_keys(part, keys);
    else
      keys.push_back(part.key);
  }
  require_keys(root, keys);
  Document document = shape;
  for (Part& part : document.parts) read_part(root, part);
  return document;
}

}  // namespace bpusim
