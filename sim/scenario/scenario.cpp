#include "sim/scenario/scenario.h"

#include <cmath>
#include <map>
#include <utility>

#include "sim/config/input_file.h"
#include "sim/config/machine_file.h"
#include "sim/config/suggest.h"
#include "sim/config/yaml_reader.h"
#include "sim/input_error.h"
#include "sim/network/known_attributes.h"

namespace bpusim {

namespace {

constexpr std::int64_t kMostExtent = 1000000000;

// Digits only: 1e3, 1x and "1,M=2" are no extents.
std::map<std::string, std::int64_t> parse_dims(const std::vector<std::string>& texts) {
  std::map<std::string, std::int64_t> dims;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    const std::string digits = equals == std::string::npos ? "" : text.substr(equals + 1);
    const bool number =
        !digits.empty() && digits.size() <= 10 && digits.find_first_not_of("0123456789") == std::string::npos;
    const std::int64_t value = number ? std::stoll(digits) : 0;
    if (value < 1 || value > kMostExtent || equals == 0)
      throw InputError("--dim " + text + ": expected NAME=VALUE, a whole number from 1 to " +
                       std::to_string(kMostExtent) + " in digits; one dimension each");
    if (!dims.emplace(text.substr(0, equals), value).second)
      throw InputError("--dim " + text + ": '" + text.substr(0, equals) + "' is set twice");
  }
  return dims;
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

std::map<std::string, bool> parse_assumptions(const std::vector<std::string>& texts) {
  std::map<std::string, bool> assumed;
  for (const std::string& text : texts) {
    const auto equals = text.rfind('=');
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (value != "true" && value != "false")
      throw InputError("--assume " + text + ": expected NAME=true or NAME=false");
    assumed[text.substr(0, equals)] = value == "true";
  }
  return assumed;
}

void override_places(const std::vector<std::string>& texts, RunSpec& run) {
  for (const std::string& text : texts) {
    const auto equals = text.rfind('=');
    const auto request = equals == std::string::npos ? std::nullopt : parse_request(text.substr(equals + 1));
    if (!request) throw InputError("--on " + text + ": expected NODE=bpu or NODE=cpu");
    run.on[text.substr(0, equals)] = *request;
  }
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

Scenario resolve(RunSpec run, const Overrides& overrides, ScenarioOrigin origin) {
  Scenario scenario;
  if (!overrides.machine.empty()) run.machine = overrides.machine;
  if (!overrides.policy.empty()) run.policy = overrides.policy;
  origin.file_settings = run.settings;
  origin.command_settings = overrides.settings;
  origin.assume = overrides.assume;
  origin.inputs_as_weights = overrides.inputs_as_weights;
  append(run.settings, overrides.settings);
  override_quantisation(overrides, run);
  override_places(overrides.on, run);
  if (run.machine.empty())
    throw InputError(run.notes.at(0));  // of a toolchain's file, whose chip has no preset
  scenario.machine = read_machine(run.machine, run.settings);
  const std::string& policy = run.policy.empty() ? scenario.machine.policy : run.policy;
  scenario.policy = Policy::read(policy);
  note_machine(run.machine, origin);
  note_policy(policy, origin);
  scenario.origin = std::move(origin);
  scenario.run = std::move(run);
  return scenario;
}

}  // namespace

std::int64_t parse_memory_limit(const std::string& text) {
  if (text.empty()) return 0;
  std::string expected = "from 1 byte to 1 EiB";
  const auto bytes = parse_quantity(text, "bytes", expected);
  if (!bytes || *bytes < 1 || *bytes > 0x1p60)
    throw InputError("--memory-limit " + text + ": expected " + expected + ", as 4GiB");
  return static_cast<std::int64_t>(*bytes);
}

Scenario resolve(const std::string& file, const Overrides& overrides, const Listener& listener) {
  ReadOptions options;
  options.dims = parse_dims(overrides.dims);
  options.memory_limit = parse_memory_limit(overrides.memory_limit);
  options.outside_data = overrides.outside_data;
  options.assume = parse_assumptions(overrides.assume);
  if (overrides.inputs_as_weights) options.inputs_as_weights = true;
  listener.report("import", 0, 0);
  const std::size_t mark = files_read();
  RunSpec run = read_run(file, options);
  if (run.from_model) warn_of_unknown_attributes(run.network, listener);
  ScenarioOrigin origin;
  note_files(file, mark, run, origin);
  return resolve(std::move(run), overrides, std::move(origin));
}

Scenario resolve(RunSpec run, const Overrides& overrides) {
  return resolve(std::move(run), overrides, {});
}

}  // namespace bpusim
