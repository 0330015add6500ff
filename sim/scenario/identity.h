// What a scenario was made from, so that its result can say it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/result/identity.h"

namespace bpusim {

struct RunSpec;
struct Scenario;

/// What resolve() knows of a scenario's making and the scenario itself does not tell. Empty where a program
/// put the scenario together.
struct ScenarioOrigin {
  std::optional<NamedFile> run_file, model;
  std::string machine, policy;                               ///< as they were named
  std::optional<std::string> machine_sha256, policy_sha256;  ///< of their files
  std::optional<MachineParams> as_named;                     ///< the machine before all settings
  std::vector<std::string> file_settings, command_settings;  ///< "section.key=value"
  std::vector<std::string> assume;                           ///< "NAME=true"
  bool inputs_as_weights = false;
  std::vector<NamedFile> files;  ///< what else was read
};

/// Takes down the run file or model at `file`, and what else was opened since the mark (files_read,
/// sim/config/input_file.h) to read it. Throws InputError where one has changed meanwhile, as the next ones
/// do.
void note_files(const std::string& file, std::size_t mark, const RunSpec& run, ScenarioOrigin& origin);

/// Takes down the machine, the policy, by the names or paths that they were just read by.
void note_machine(const std::string& name_or_path, ScenarioOrigin& origin);
void note_policy(const std::string& name_or_path, ScenarioOrigin& origin);

/// All that a result of the scenario depends on, but for files that are read while it runs and for how it is
/// run.
Identity identity_of(const Scenario& scenario);

/// Adds files that were opened since the mark and are not there yet.
void add_files_since(std::size_t mark, Identity& identity);

/// The path as it stands in an identity: of a file among the shipped configurations without their folder,
/// which lies elsewhere on each machine.
std::string identity_path(const std::string& path);

/// Parameters of the machine in the order of its files, as `by` nobody's but the program's.
std::vector<MachineParameter> parameters_of(const MachineParams& machine);

}  // namespace bpusim
