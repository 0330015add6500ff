#include "sim/scenario/identity.h"

#include <algorithm>

#include "models/parameter_table.h"
#include "sim/config/config_paths.h"
#include "sim/config/input_file.h"
#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/result/version.h"
#include "sim/scenario/scenario.h"

namespace bpusim {

namespace {

template <class T>
ParameterValue value_of(const T& section, const Parameter<T>& row) {
  return std::visit(
      [&](const auto& field) -> ParameterValue {
        if constexpr (std::is_same_v<decltype(field), const WordField<T>&>)
          return field.word(section);
        else
          return section.*field;
      },
      row.field);
}

// Whether one of "section.key=value" sets the key.
bool sets(const std::vector<std::string>& settings, const std::string& key) {
  return std::any_of(settings.begin(), settings.end(),
                     [&](const std::string& setting) { return setting.rfind(key + "=", 0) == 0; });
}

void say_who_set(const ScenarioOrigin& origin, std::vector<MachineParameter>& parameters) {
  if (origin.machine.empty()) return;
  const std::vector<MachineParameter> named =
      origin.as_named ? parameters_of(*origin.as_named) : std::vector<MachineParameter>{};
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    MachineParameter& parameter = parameters[p];
    const bool another = !named.empty() && named[p].value != parameter.value;
    parameter.by = sets(origin.command_settings, parameter.key) ? SetBy::Command
                   : sets(origin.file_settings, parameter.key)  ? SetBy::RunFile
                   : another                                    ? SetBy::Follows
                   : is_config_path(origin.machine)             ? SetBy::File
                                                                : SetBy::Preset;
  }
}

std::string hash_of_config(const char* sub_folder, const std::string& name_or_path) {
  const std::size_t mark = files_read();
  const InputFile file(resolve_config(sub_folder, name_or_path));
  return files_read_since(mark).at(0).sha256;
}

std::optional<double> asked(double cosine) {
  return cosine > -1 ? std::optional<double>(cosine) : std::nullopt;
}

IdentityOptions options_of(const Scenario& scenario) {
  const RunSpec& run = scenario.run;
  IdentityOptions options;
  options.quantisation = run.defaults.quantisation == GridKind::Affine ? "affine" : "symmetric";
  options.calibration = run.defaults.calibration;
  options.mapping = run.defaults.mapping ? to_string(*run.defaults.mapping) : "auto";
  options.percentile = run.defaults.percentile;
  options.fuse = run.defaults.fuse;
  options.overlap = run.overlap;
  options.sensitivity = run.sensitivity;
  for (const std::string& sample : run.samples) options.samples.push_back(identity_path(sample));
  for (const InputSamples& sample : run.input_samples)
    options.samples.push_back(sample.input + "=" + identity_path(sample.path));
  options.int16 = run.int16;
  options.int32 = run.int32;
  options.float32 = run.float32;
  options.int8 = run.int8;
  options.int16_below = asked(run.int16_below);
  options.int16_until = asked(run.int16_until);
  for (const auto& [node, request] : run.on)
    options.on.push_back(node + (request == Request::Cpu ? "=cpu" : "=bpu"));
  for (const std::string& input : run.network.inputs) {
    const auto value = run.network.values.find(input);
    if (value != run.network.values.end())
      options.inputs.push_back(input + " " + to_string(value->second.shape));
  }
  options.assume = scenario.origin.assume;
  options.inputs_as_weights = scenario.origin.inputs_as_weights;
  return options;
}

}  // namespace

std::vector<MachineParameter> parameters_of(const MachineParams& machine) {
  std::vector<MachineParameter> parameters;
  for_each_section(machine, [&](const char* name, const auto& section, const auto& table, const char*) {
    for (const auto& row : table)
      parameters.push_back(
          {std::string(name) + "." + row.name, value_of(section, row), row.unit, SetBy::Program});
  });
  return parameters;
}

std::string identity_path(const std::string& path) {
  std::string folder;
  try {
    folder = config_folder() + "/";
  } catch (const InputError&) {
    return path;  // a program that brings machine and policy needs no such folder
  }
  return path.rfind(folder, 0) == 0 ? "configs/" + path.substr(folder.size()) : path;
}

void note_files(const std::string& file, std::size_t mark, const RunSpec& run, ScenarioOrigin& origin) {
  const std::string model = run.from_model ? run.network.file : "";
  bool first = true;
  for (const FileRead& read : files_read_since(mark)) {
    const NamedFile named = {identity_path(read.path), read.sha256};
    if (read.path == model)
      origin.model = named;
    else if (first)  // nothing is opened before the file itself, which may have been called by a shorter name
      origin.run_file = NamedFile{file, read.sha256};
    else
      origin.files.push_back(named);
    first = false;
  }
}

void note_machine(const std::string& name_or_path, ScenarioOrigin& origin) {
  origin.machine = identity_path(name_or_path);
  origin.machine_sha256 = hash_of_config("machines", name_or_path);
  try {
    origin.as_named = read_machine(name_or_path);
  } catch (const InputError&) {  // only with its settings it is one
    origin.as_named.reset();
  }
}

void note_policy(const std::string& name_or_path, ScenarioOrigin& origin) {
  origin.policy = identity_path(name_or_path);
  origin.policy_sha256 = hash_of_config("support", name_or_path);
}

Identity identity_of(const Scenario& scenario) {
  const ScenarioOrigin& origin = scenario.origin;
  Identity identity;
  identity.version = version();
  identity.run_file = origin.run_file;
  identity.model = origin.model;
  identity.machine = origin.machine.empty() ? scenario.machine.name : origin.machine;
  identity.machine_sha256 = origin.machine_sha256;
  identity.policy = origin.policy.empty() ? scenario.policy.name() : origin.policy;
  identity.policy_sha256 = origin.policy_sha256;
  identity.parameters = parameters_of(scenario.machine);
  say_who_set(origin, identity.parameters);
  identity.seed = scenario.run.seed;
  identity.options = options_of(scenario);
  identity.files = origin.files;
  return identity;
}

void add_files_since(std::size_t mark, Identity& identity) {
  const auto is_there = [&](const std::string& path) {
    const auto is_it = [&](const NamedFile& file) { return file.path == path; };
    return (identity.run_file && is_it(*identity.run_file)) || (identity.model && is_it(*identity.model)) ||
           std::any_of(identity.files.begin(), identity.files.end(), is_it);
  };
  for (const FileRead& file : files_read_since(mark)) {
    const std::string path = identity_path(file.path);
    if (!is_there(path)) identity.files.push_back({path, file.sha256});
  }
  std::sort(identity.files.begin(), identity.files.end(),
            [](const NamedFile& a, const NamedFile& b) { return a.path < b.path; });
}

}  // namespace bpusim
