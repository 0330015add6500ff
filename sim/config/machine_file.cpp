#include "sim/config/machine_file.h"

#include "models/parameter_table.h"
#include "sim/config/config_paths.h"
#include "sim/config/suggest.h"
#include "sim/config/yaml_reader.h"

namespace bpusim {

namespace {

template <class T>
void read_field(const YamlNode& value, T& section, const Parameter<T>& row) {
  std::visit(
      [&](const auto& field) {
        if constexpr (std::is_same_v<decltype(field), const WordField<T>&>) {
          field.choose(section, value.choice(field.word(section), field.choices));
        } else {
          using Value = std::decay_t<decltype(section.*field)>;
          if constexpr (std::is_same_v<Value, bool>) {
            section.*field = value.flag(section.*field);
          } else if constexpr (std::is_same_v<Value, std::int64_t>) {
            section.*field = value.integer(section.*field, row.low, row.high, row.unit);
          } else if constexpr (std::is_same_v<Value, double>) {
            section.*field = value.number(section.*field, row.low, row.high, row.unit);
          } else {
            section.*field = value.word(section.*field);
          }
        }
      },
      row.field);
}

// An override is a small file of its own, so that its mistakes read like those of a file.
void apply_override(MachineParams& machine, const std::string& text, Problems& problems) {
  const auto equals = text.find('='), dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
    problems.add("--set " + text + ": expected section.key=value, as mac.rows=64");
    return;
  }
  const std::string section_name = text.substr(0, dot), key = text.substr(dot + 1, equals - dot - 1);
  std::vector<std::string> sections, keys;
  bool applied = false;
  for_each_section(machine, [&](const char* name, auto& section, const auto& table, const char*) {
    sections.push_back(name);
    if (section_name != name) return;
    for (const auto& row : table) {
      keys.push_back(row.name);
      if (row.name != key) continue;
      const std::string line = key + ": " + text.substr(equals + 1);
      read_field(YamlNode::read_text(line, "--set " + text, problems)[key], section, row);
      applied = true;
    }
  });
  if (applied) return;
  problems.add("--set " + text + ": unknown " +
               (keys.empty() ? "section '" + section_name + "'" + did_you_mean(section_name, sections)
                             : "key '" + key + "' of " + section_name + did_you_mean(key, keys)));
}

}  // namespace

MachineParams parse_machine(const std::string& text, const std::string& name,
                            const std::vector<std::string>& overrides) {
  Problems problems;
  const YamlNode root = YamlNode::read_text(text, name, problems);
  MachineParams machine;
  machine.name = root["name"].word(name);
  machine.description = root["description"].word();
  machine.policy = root["policy"].word(machine.policy);
  for_each_section(machine, [&](const char* section_name, auto& section, const auto& table, const char*) {
    const YamlNode node = root[section_name];
    for (const auto& row : table) read_field(node[row.name], section, row);
    node.close();
  });
  root.close();
  for (const std::string& text_of_override : overrides) apply_override(machine, text_of_override, problems);
  std::string place = name;
  for (const std::string& text_of_override : overrides) place += " with --set " + text_of_override;
  if (!problems.any())
    for (const std::string& line : inconsistencies(machine)) problems.add(place + ": " + line);
  problems.raise();
  return machine;
}

MachineParams read_machine(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  const std::string path = resolve_config("machines", name_or_path);
  return parse_machine(read_yaml(path), path, overrides);
}

}  // namespace bpusim
