// Machine files: YAML with one section a hardware unit, read through the parameter tables.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/machine_params.h"

namespace bpusim {

/// Where settings stand that were not typed as --set, by their text: "run.yaml:4: set.mac.rows".
using SettingPlaces = std::map<std::string, std::string>;

/// Reads the machine of a preset's name or a file, then applies overrides of the form "section.key=value"
/// (machine_settings.h); `notes` gets what follows from them. What a file leaves out keeps its default, but
/// banks and tensor_bytes of an SRAM whose bytes alone it gives. Throws InputError with everything that is
/// wrong.
MachineParams read_machine(const std::string& name_or_path, const std::vector<std::string>& overrides = {},
                           const SettingPlaces& places = {}, std::vector<std::string>* notes = nullptr);

/// The same from text; `name` stands in for the file in messages.
MachineParams parse_machine(const std::string& text, const std::string& name,
                            const std::vector<std::string>& overrides = {}, const SettingPlaces& places = {},
                            std::vector<std::string>* notes = nullptr);

}  // namespace bpusim
