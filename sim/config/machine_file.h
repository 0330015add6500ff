// Machine files: YAML with one section a hardware unit, read through the parameter tables.
#pragma once

#include <string>
#include <vector>

#include "models/machine_params.h"

namespace bpusim {

/// Reads the machine of a preset's name or a file, then applies overrides of the form "section.key=value".
/// What a file leaves out keeps its default. Throws InputError with everything that is wrong.
MachineParams read_machine(const std::string& name_or_path, const std::vector<std::string>& overrides = {});

/// The same from text; `name` stands in for the file in messages.
MachineParams parse_machine(const std::string& text, const std::string& name,
                            const std::vector<std::string>& overrides = {});

}  // namespace bpusim
