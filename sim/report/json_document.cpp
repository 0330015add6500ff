// A document as JSON, and the JSON Schema of documents like it.
#include "sim/report/document.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>)
          return nullptr;
        else
          return held;
      },
      value);
}

bool all_absent(const std::vector<Value>& row, const KeyGroup& group) {
  for (std::size_t m = group.first; m < group.first + group.count; ++m)
    if (!std::holds_alternative<std::monostate>(row[m])) return false;
  return true;
}

void put_row(const MetricTable& table, const std::vector<Value>& row, Json& object) {
  for (const KeyGroup& group : groups_of(table.metrics)) {
    if (group.object.empty()) {
      object[table.metrics[group.first].name] = json_of(row[group.first]);
    } else if (group.optional && all_absent(row, group)) {
      object[group.object] = nullptr;
    } else {
      Json& inner = object[group.object];
      for (std::size_t m = group.first; m < group.first + group.count; ++m)
        inner[key_of(table.metrics[m])] = json_of(row[m]);
    }
  }
}

void put(const Part& part, Json& object) {
  if (part.form == Part::Form::Inline) {
    for (const auto& row : part.table.rows) put_row(part.table, row, object);
    for (const Part& inner : part.parts) put(inner, object);
    return;
  }
  Json& value = object[part.key];
  if (part.absent) {
    value = nullptr;
  } else if (part.form == Part::Form::List) {
    value = Json::array();
    for (const auto& row : part.table.rows) put_row(part.table, row, value.emplace_back(Json::object()));
  } else {
    value = Json::object();
    for (const auto& row : part.table.rows) put_row(part.table, row, value);
    for (const Part& inner : part.parts) put(inner, value);
  }
}

Json type_or_null(const char* type, bool or_null) {
  return or_null ? Json::array({type, "null"}) : Json(type);
}

Json empty_object(const std::string& meaning, bool or_null) {
  Json schema = {{"type", type_or_null("object", or_null)}};
  if (!meaning.empty()) schema["description"] = meaning;
  schema["additionalProperties"] = false;
  schema["required"] = Json::array();
  schema["properties"] = Json::object();
  return schema;
}

void add_key(Json& object, const std::string& key, Json schema) {
  object["required"].push_back(key);
  object["properties"][key] = std::move(schema);
}

const char* type_name(ValueType type) {
  switch (type) {
    case ValueType::Bool:
      return "boolean";
    case ValueType::Integer:
      return "integer";
    case ValueType::Number:
      return "number";
    case ValueType::Text:
      return "string";
    case ValueType::Names:
    case ValueType::Numbers:
      return "array";
    case ValueType::Scalar:
      break;
  }
  throw std::logic_error("type_name: a ValueType without one");
}

Json schema_of(const MetricInfo& metric, bool absent_with_its_object) {
  const bool or_null = (metric.optional && !absent_with_its_object) || !metric.always_finite;
  Json schema;
  if (metric.type == ValueType::Scalar) {
    schema["type"] = {"number", "string", "boolean"};
    if (or_null) schema["type"].push_back("null");
  } else {
    schema["type"] = type_or_null(type_name(metric.type), or_null);
  }
  schema["description"] = metric.meaning + (metric.unit.empty() ? "" : " [" + metric.unit + "]");
  if (metric.type == ValueType::Names) schema["items"] = {{"type", "string"}};
  if (metric.type == ValueType::Numbers) schema["items"] = {{"type", "number"}};
  if (!metric.choices.empty()) {
    schema["enum"] = metric.choices;
    if (or_null) schema["enum"].push_back(nullptr);
  }
  return schema;
}

void add_metrics(const std::vector<MetricInfo>& metrics, Json& object) {
  for (const KeyGroup& group : groups_of(metrics)) {
    if (group.object.empty()) {
      add_key(object, metrics[group.first].name, schema_of(metrics[group.first], false));
      continue;
    }
    Json inner = empty_object("", group.optional);
    for (std::size_t m = group.first; m < group.first + group.count; ++m)
      add_key(inner, key_of(metrics[m]), schema_of(metrics[m], group.optional));
    add_key(object, group.object, std::move(inner));
  }
}

void add_part(const Part& part, Json& object) {
  const bool is_inline = part.form == Part::Form::Inline;
  Json own = empty_object(part.form == Part::Form::List ? "" : part.meaning, part.optional);
  Json& target = is_inline ? object : own;
  add_metrics(part.table.metrics, target);
  for (const Part& inner : part.parts) add_part(inner, target);
  if (is_inline) return;
  if (part.form == Part::Form::Object) {
    add_key(object, part.key, std::move(own));
  } else {
    add_key(object, part.key, {{"type", "array"}, {"description", part.meaning}, {"items", std::move(own)}});
  }
}

}  // namespace

Json json_of(const Document& document) {
  Json json = {{"schema", document.schema}};
  for (const Part& part : document.parts) put(part, json);
  return json;
}

Json schema_of(const Document& document) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", document.schema + ": result of bpusim " + document.command}};
  schema.update(empty_object("", false));
  add_key(schema, "schema", {{"const", document.schema}});
  for (const Part& part : document.parts) add_part(part, schema);
  return schema;
}

}  // namespace bpusim
