#include "sim/scenario/scenario.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "sim/config/config_paths.h"
#include "sim/config/input_file.h"
#include "sim/config/machine_file.h"
#include "sim/config/suggest.h"
#include "sim/config/yaml_reader.h"
#include "sim/input_error.h"
#include "sim/network/known_attributes.h"

namespace bpusim {

std::int64_t parse_memory_limit(const std::string& text) {
  if (text.empty()) return 0;
  std::string expected = "from 1 byte to 1 EiB";
  const auto bytes = parse_quantity(text, "bytes", expected);
  if (!bytes || *bytes < 1 || *bytes > 0x1p60)
    throw InputError("--memory-limit " + text + ": expected " + expected + ", as 4GiB");
  return static_cast<std::int64_t>(*bytes);
}

namespace {

constexpr std::int64_t kMostExtent = 1000000000;

// The name and the value of NAME=VALUE, each with something in it.
std::optional<std::pair<std::string, std::string>> parted(const std::string& text, std::size_t equals) {
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) return std::nullopt;
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

// Options that contradict each other are a mistake; said twice, they are one.
template <class T>
void put_once(const std::string& option, const std::string& name, const T& value,
              std::map<std::string, T>& values, Problems& problems) {
  const auto [at, fresh] = values.emplace(name, value);
  if (!fresh && at->second != value) problems.add(option + ": '" + name + "' is set twice");
}

// Digits only: 1e3, 1x and "1,M=2" are no extents.
std::map<std::string, std::int64_t> parse_dims(const std::vector<std::string>& texts, Problems& problems) {
  std::map<std::string, std::int64_t> dims;
  for (const std::string& text : texts) {
    const auto given = parted(text, text.find('='));
    const std::string digits = given ? given->second : "";
    const bool number =
        !digits.empty() && digits.size() <= 10 && digits.find_first_not_of("0123456789") == std::string::npos;
    const std::int64_t value = number ? std::stoll(digits) : 0;
    if (value < 1 || value > kMostExtent) {
      problems.add("--dim " + text + ": expected NAME=VALUE, a whole number from 1 to " +
                   std::to_string(kMostExtent) + " in digits; one dimension each");
    } else {
      put_once("--dim " + text, given->first, value, dims, problems);
    }
  }
  return dims;
}

std::map<std::string, std::string> parse_inputs(const std::vector<std::string>& texts, Problems& problems) {
  std::map<std::string, std::string> inputs;
  for (const std::string& text : texts) {
    const auto given = parted(text, text.find('='));
    if (given) {
      put_once("--input " + text, given->first, given->second, inputs, problems);
    } else {
      problems.add("--input " + text + ": expected NAME=FILE, as x=x.npy");
    }
  }
  return inputs;
}

// An attribute that no version of its operator has is a typing error, or newer than bpusim.
void warn_of_unknown_attributes(const Network& network, const Listener& listener) {
  constexpr std::size_t most = 20;
  std::size_t warned = 0;
  const auto warn = [&](const Node& node, const std::vector<KnownAttribute>& known, const auto& given) {
    for (const auto& entry : given) {
      if (find_attribute(known, entry.first) != nullptr) continue;
      if (++warned <= most)
        listener.warning(network.file + ": " + node.op + " '" + node.name + "': attribute '" + entry.first +
                         "' is none of the operator's" + did_you_mean(entry.first, names_of(known)) +
                         "; it changes nothing");
    }
  };
  if (!listener.warning) return;
  for (const Node& node : network.nodes) {
    const auto known = known_attributes(node.op);
    if (!known || !node.domain.empty()) continue;
    const Attributes& a = node.attributes;
    warn(node, *known, a.ints);
    warn(node, *known, a.floats);
    warn(node, *known, a.strings);
    warn(node, *known, a.int_lists);
    warn(node, *known, a.string_lists);
    warn(node, *known, a.float_lists);
  }
  if (warned > most)
    listener.warning(network.file + ": and " + std::to_string(warned - most) + " more such attributes");
}

std::map<std::string, bool> parse_assumptions(const std::vector<std::string>& texts, Problems& problems) {
  std::map<std::string, bool> assumed;
  for (const std::string& text : texts) {
    const auto given = parted(text, text.rfind('='));
    if (given && (given->second == "true" || given->second == "false")) {
      put_once("--assume " + text, given->first, given->second == "true", assumed, problems);
    } else {
      problems.add("--assume " + text + ": expected NAME=true or NAME=false");
    }
  }
  return assumed;
}

void override_places(const std::vector<std::string>& texts, RunSpec& run) {
  Problems problems;
  std::map<std::string, Request> places;
  for (const std::string& text : texts) {
    const auto given = parted(text, text.rfind('='));
    const auto request = given ? parse_request(given->second) : std::nullopt;
    if (request) {
      put_once("--on " + text, given->first, *request, places, problems);
    } else {
      problems.add("--on " + text + ": expected NODE=bpu or NODE=cpu");
    }
  }
  problems.raise();
  for (const auto& [name, request] : places) run.on[name] = request;
}

template <class T>
void append(std::vector<T>& list, const std::vector<T>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

void override_quantisation(const Overrides& given, RunSpec& run) {
  append(run.samples, given.samples);
  append(run.int16, given.int16);
  append(run.int32, given.int32);
  append(run.float32, given.float32);
  if (std::isnan(given.int16_below) || std::isnan(given.int16_until))
    throw InputError("--int16-below and --int16-until take a cosine, a number from -1 to 1");
  if (given.int16_below > -1) run.int16_below = given.int16_below;
  if (given.int16_until > -1) run.int16_until = given.int16_until;
  run.sensitivity = run.sensitivity || given.sensitivity;
  if (given.calibration.empty()) return;
  if (!is_calibration(given.calibration))
    throw InputError(
        "--calibration " + given.calibration +
        ": no such method (there are: max, percentile, percentile:FRACTION, kl, mse, readers, auto)");
  run.defaults.calibration = given.calibration;
  for (auto& [name, options] : run.options) options.calibration = given.calibration;
}

// A name of the command line as the list has it; says where that is another.
std::string config_taken(const char* kind, const std::string& sub_folder, const std::string& word,
                         std::vector<std::string>& taken) {
  std::string name = config_name(sub_folder, word);
  if (name != word) taken.push_back(std::string(kind) + " '" + word + "' is taken as " + name);
  return name;
}

// The machine that the run names; says where it names none.
void settle_machine(const Overrides& overrides, RunSpec& run) {
  if (!overrides.machine.empty())
    run.machine = config_taken("machine", "machines", overrides.machine, run.taken);
  if (!run.machine.empty()) return;
  if (run.of_toolchain) throw InputError(run.notes.at(0));  // its chip has no preset
  run.machine = "generic";
  run.taken.emplace_back(
      "no machine is named: generic is taken; --machine NAME takes another (bpusim list machines)");
}

Scenario resolve(RunSpec run, const Overrides& overrides, ScenarioOrigin origin) {
  Scenario scenario;
  settle_machine(overrides, run);
  if (!overrides.policy.empty()) run.policy = config_taken("policy", "support", overrides.policy, run.taken);
  origin.file_settings = run.settings;
  origin.command_settings = overrides.settings;
  origin.assume = overrides.assume;
  origin.inputs_as_weights = overrides.inputs_as_weights;
  append(run.settings, overrides.settings);
  override_quantisation(overrides, run);
  override_places(overrides.on, run);
  scenario.machine = read_machine(run.machine, run.settings, run.setting_places, &run.taken);
  const std::string& policy = run.policy.empty() ? scenario.machine.policy : run.policy;
  scenario.policy = Policy::read(policy);
  note_machine(run.machine, origin);
  note_policy(policy, origin);
  append(run.notes, run.taken);
  scenario.origin = std::move(origin);
  scenario.run = std::move(run);
  return scenario;
}

ReadOptions read_options(const Overrides& overrides) {
  ReadOptions options;
  Problems problems;
  options.dims = parse_dims(overrides.dims, problems);
  options.inputs = parse_inputs(overrides.inputs, problems);
  options.assume = parse_assumptions(overrides.assume, problems);
  problems.raise();
  options.memory_limit = parse_memory_limit(overrides.memory_limit);
  options.outside_data = overrides.outside_data;
  if (overrides.inputs_as_weights) options.inputs_as_weights = true;
  return options;
}

// What names nothing of the model is said with all else that is wrong, each once.
RunSpec read_named(const std::string& file, ReadOptions options) {
  std::vector<std::string> unknown;
  options.unknown_names = &unknown;
  const auto each_once = [&] {
    std::sort(unknown.begin(), unknown.end());
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  };
  try {
    RunSpec run = read_run(file, options);
    each_once();
    run.unknown_names = std::move(unknown);
    return run;
  } catch (const InputError& error) {
    each_once();
    unknown.insert(unknown.end(), error.lines().begin(), error.lines().end());
    throw InputError(unknown);
  }
}

}  // namespace

Scenario resolve(const std::string& file, const Overrides& overrides, const Listener& listener) {
  const ReadOptions options = read_options(overrides);
  listener.report("import", 0, 0);
  const std::size_t mark = files_read();
  RunSpec run = read_named(file, options);
  if (run.from_model) warn_of_unknown_attributes(run.network, listener);
  ScenarioOrigin origin;
  note_files(file, mark, run, origin);
  Scenario scenario = resolve(std::move(run), overrides, std::move(origin));
  if (listener.note)
    for (const std::string& text : scenario.run.taken) listener.note(text);
  return scenario;
}

Scenario resolve(RunSpec run, const Overrides& overrides) {
  return resolve(std::move(run), overrides, {});
}

}  // namespace bpusim
