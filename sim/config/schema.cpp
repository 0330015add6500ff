#include "sim/config/schema.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "models/machine_params.h"
#include "models/parameter_table.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json schema_of(const Parameter<T>& row) {
  static const T defaults{};
  Json key;
  key["description"] = row.doc + (row.unit.empty() ? "" : " [" + row.unit + "]");
  std::visit(
      [&](const auto& field) {
        if constexpr (std::is_same_v<decltype(field), const WordField<T>&>) {
          key["type"] = "string";
          key["enum"] = field.choices;
          key["default"] = field.word(defaults);
        } else {
          using Value = std::decay_t<decltype(defaults.*field)>;
          if constexpr (std::is_same_v<Value, bool>) {
            key["type"] = "boolean";
          } else if constexpr (std::is_same_v<Value, std::string>) {
            key["type"] = "string";
          } else {
            // A quantity may be written with its unit, as text.
            const char* number = std::is_same_v<Value, double> ? "number" : "integer";
            key["type"] = row.unit.empty() ? Json(number) : Json::array({number, "string"});
            key["minimum"] = row.low;
            key["maximum"] = row.high;
          }
          key["default"] = defaults.*field;
        }
      },
      row.field);
  return key;
}

template <class T>
void describe(std::ostream& out, const Parameter<T>& row) {
  static const T defaults{};
  out << "| `" << row.name << "` | ";
  std::visit(
      [&](const auto& field) {
        if constexpr (std::is_same_v<decltype(field), const WordField<T>&>) {
          for (std::size_t i = 0; i < field.choices.size(); ++i)
            out << (i > 0 ? ", `" : "`") << field.choices[i] << "`";
          out << " | `" << field.word(defaults) << "`";
        } else {
          using Value = std::decay_t<decltype(defaults.*field)>;
          if constexpr (std::is_same_v<Value, bool>) {
            out << "true or false | " << (defaults.*field ? "true" : "false");
          } else if constexpr (std::is_same_v<Value, std::string>) {
            out << "text | `" << defaults.*field << "`";
          } else {
            out << (std::is_same_v<Value, double> ? "number" : "whole number") << ", " << row.low << " to "
                << row.high << (row.unit.empty() ? "" : " " + row.unit) << " | " << defaults.*field;
          }
        }
      },
      row.field);
  out << " | " << row.doc << " |\n";
}

}  // namespace

std::string machine_schema() {
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "bpusim machine";
  schema["type"] = "object";
  schema["additionalProperties"] = false;
  Json& top = schema["properties"];
  top["name"] = {{"type", "string"}, {"description", "Name in reports."}};
  top["description"] = {{"type", "string"}, {"description", "One line for `bpusim list machines`."}};
  top["policy"] = {{"type", "string"}, {"description", "Support policy that fits the chip."}};
  const MachineParams machine;
  for_each_section(machine, [&](const char* name, const auto&, const auto& table, const char* doc) {
    Json section = {{"type", "object"}, {"description", doc}, {"additionalProperties", false}};
    for (const auto& row : table) section["properties"][row.name] = schema_of(row);
    top[name] = section;
  });
  return schema.dump(2) + "\n";
}

std::string settings_schema() {
  Json settings = {{"type", "object"}, {"additionalProperties", false}};
  const MachineParams machine;
  for_each_section(machine, [&](const char* name, const auto&, const auto& table, const char*) {
    for (const auto& row : table) {
      Json setting = schema_of(row);
      setting.erase("default");  // a preset has values of its own
      settings["properties"][std::string(name) + "." + row.name] = std::move(setting);
    }
  });
  return settings.dump();
}

std::string machine_reference() {
  std::ostringstream out;
  out << "# Configuration reference: machine files\n\n"
         "Made from the parameter tables in `models/machine_params.cpp` by `bpusim docs machines`; a test "
         "keeps it "
         "up to date.\nQuantities may carry units: `2MiB`, `1.2GHz`, `40ns`, `6.7GB/s`. What a file leaves "
         "out "
         "keeps its default.\nAny key can be set on the command line: `--set mac.rows=64`. Of `sram.bytes` "
         "alone the rest of "
         "the SRAM follows: the\nbanks where their number does not divide it (the nearest that does, within "
         "half and "
         "double), and `tensor_bytes`, in\nproportion. Values that do not go together are refused with the "
         "nearest that "
         "would.\n\n"
         "At the top of a file: `name`, `description`, and `policy`, the support policy that fits the "
         "chip.\n";
  const MachineParams machine;
  for_each_section(machine, [&](const char* name, const auto&, const auto& table, const char* doc) {
    out << "\n## `" << name << "`\n\n"
        << doc << "\n\n| key | values | default | meaning |\n|---|---|---|---|\n";
    for (const auto& row : table) describe(out, row);
  });
  return out.str();
}

}  // namespace bpusim
