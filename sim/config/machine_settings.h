// Single parameters of a machine, set on the command line or in a run file: what follows from them, and what
// is wrong with them together.
#pragma once

#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/config/yaml_reader.h"

namespace bpusim {

/// A parameter that somebody sets.
struct MachineSetting {
  std::string section, key, value;
  std::string
      place;  ///< as it was typed, "--set mac.rows=64", or where it stands, "run.yaml:4: set.mac.rows"

  std::string name() const { return section + "." + key; }
};

/// Reads the settings into the machine, a later one of a parameter behind an earlier one. What sram.bytes
/// leaves open of the SRAM follows from it, and `notes` says how: the banks where theirs do not divide it,
/// and tensor_bytes, in proportion. Each mistake names its setting, and the nearest values that would do;
/// what was wrong with `base` before them names its file.
MachineParams with_settings(const MachineParams& base, const std::string& file,
                            const std::vector<MachineSetting>& settings, std::vector<std::string>& notes,
                            Problems& problems);

/// The machine whose SRAM has the bytes that `machine` says; what `given` (keys of section sram) does not
/// name follows them from what it is in `before`.
MachineParams with_followers(MachineParams machine, const SramParams& before,
                             const std::vector<std::string>& given);

/// Reads the sections of a machine file; keys that are none of theirs are mistakes.
void read_sections(const YamlNode& root, MachineParams& machine);

}  // namespace bpusim
