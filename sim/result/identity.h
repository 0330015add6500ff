// How a result was made: all that its figures depend on, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bpusim {

/// A file as it was named, and the SHA-256 of its bytes in 64 digits.
struct NamedFile {
  std::string path;
  std::string sha256;
};

/// "1a2b3c4d": enough of a hash to tell files apart by eye.
std::string short_hash(const std::string& sha256);

using ParameterValue = std::variant<bool, std::int64_t, double, std::string>;
/// As in a machine file: numbers with the fewest digits that say them.
std::string to_text(const ParameterValue& value);

/// Who gave a parameter its value.
enum class SetBy {
  Preset,   ///< the machine was named, and its preset says so, or leaves it at its default
  File,     ///< the same of a machine file
  RunFile,  ///< `set` of the run file
  Command,  ///< --set
  Follows,  ///< nobody: it is another one than the machine's because other settings are
  Program,  ///< the program that brought the machine
};
const char* to_string(SetBy by);  ///< "preset", "file", "run file", "--set", "follows", "program"

/// A parameter of the machine, after all settings.
struct MachineParameter {
  std::string key;  ///< "mac.rows"
  ParameterValue value;
  std::string unit;
  SetBy by = SetBy::Preset;

  bool changed() const { return by == SetBy::RunFile || by == SetBy::Command || by == SetBy::Follows; }
};

/// What a run was asked for beside machine and policy, from the run file and the command line together.
struct IdentityOptions {
  bool function = true, what_if = false;
  std::string quantisation, calibration, mapping;  ///< of nodes for which the run file has none of their own
  double percentile = 0;
  bool fuse = true, overlap = false, sensitivity = false;
  std::vector<std::string> samples;  ///< paths as they were named
  std::vector<std::string> int16, int32, float32, int8;
  std::optional<double> int16_below, int16_until;
  std::vector<std::string> on;      ///< "NODE=cpu"
  std::vector<std::string> inputs;  ///< "x 1x3x224x224": after --dim and all that sets extents
  std::vector<std::string> assume;  ///< "NAME=true", of the command line
  bool inputs_as_weights = false;   ///< of the command line
};

struct Identity {
  std::string version;
  std::optional<NamedFile> run_file, model;                  ///< none of a run that a program put together
  std::string machine, policy;                               ///< as they were named: a preset, or a path
  std::optional<std::string> machine_sha256, policy_sha256;  ///< of their files
  std::vector<MachineParameter> parameters;
  std::int64_t seed = 0;
  IdentityOptions options;
  /// What else was read: external data, inputs, samples, files that files are based on; by path.
  std::vector<NamedFile> files;
};

/// Who made a result, and when and how long: nothing that its figures depend on.
struct Making {
  std::string command;  ///< as typed, quoted as a shell needs it; empty where a program asked
  std::string time;     ///< UTC, "2026-03-01T12:00:00Z"; empty where a program asked
};

}  // namespace bpusim
