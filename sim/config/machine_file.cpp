#include "sim/config/machine_file.h"

#include <optional>

#include "models/parameter_table.h"
#include "sim/config/config_paths.h"
#include "sim/config/file_kind.h"
#include "sim/config/machine_settings.h"
#include "sim/config/suggest.h"
#include "sim/config/yaml_reader.h"

namespace bpusim {

namespace {

// Nothing, and a mistake, where it is no parameter's.
std::optional<MachineSetting> setting_of(const std::string& text, const std::string& place,
                                         Problems& problems) {
  const auto equals = text.find('='), dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
    problems.add(place + ": expected section.key=value, as mac.rows=64");
    return std::nullopt;
  }
  MachineSetting setting{text.substr(0, dot), text.substr(dot + 1, equals - dot - 1), text.substr(equals + 1),
                         place};
  std::vector<std::string> sections, keys;
  bool known = false;
  MachineParams machine;
  for_each_section(machine, [&](const char* name, auto&, const auto& table, const char*) {
    sections.push_back(name);
    if (setting.section != name) return;
    for (const auto& row : table) {
      keys.push_back(row.name);
      known = known || row.name == setting.key;
    }
  });
  if (known) return setting;
  problems.add(place + ": unknown " +
               (keys.empty()
                    ? "section '" + setting.section + "'" + did_you_mean(setting.section, sections)
                    : "key '" + setting.key + "' of " + setting.section + did_you_mean(setting.key, keys)));
  return std::nullopt;
}

std::vector<MachineSetting> settings_of(const std::vector<std::string>& texts, const SettingPlaces& places,
                                        Problems& problems) {
  std::vector<MachineSetting> settings;
  for (const std::string& text : texts) {
    const auto place = places.find(text);
    if (auto setting = setting_of(text, place == places.end() ? "--set " + text : place->second, problems))
      settings.push_back(std::move(*setting));
  }
  return settings;
}

MachineParams read_root(const YamlNode& root, const std::string& name) {
  MachineParams machine;
  machine.name = root["name"].word(name);
  machine.description = root["description"].word();
  machine.policy = root["policy"].word(machine.policy);
  const SramParams before = machine.sram;
  read_sections(root, machine);
  root.close();
  if (root["sram"].is_map()) machine = with_followers(machine, before, root["sram"].keys());
  return machine;
}

}  // namespace

MachineParams parse_machine(const std::string& text, const std::string& name,
                            const std::vector<std::string>& overrides, const SettingPlaces& places,
                            std::vector<std::string>* notes) {
  Problems problems;
  const YamlNode root = YamlNode::read_text(text, name, problems);
  require_kind(FileKind::Machine, root);
  const MachineParams own = read_root(root, name);
  const std::vector<MachineSetting> settings = settings_of(overrides, places, problems);
  std::vector<std::string> said;
  MachineParams machine = with_settings(own, name, settings, notes != nullptr ? *notes : said, problems);
  problems.raise();
  return machine;
}

MachineParams read_machine(const std::string& name_or_path, const std::vector<std::string>& overrides,
                           const SettingPlaces& places, std::vector<std::string>* notes) {
  const std::string path = resolve_config("machines", name_or_path);
  return parse_machine(read_yaml(path), path, overrides, places, notes);
}

}  // namespace bpusim
