#include "sim/scenario/scenario.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"

namespace bpusim {

namespace {

std::map<std::string, std::int64_t> parse_dims(const std::vector<std::string>& texts) {
  std::map<std::string, std::int64_t> dims;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    const std::int64_t value = equals == std::string::npos ? 0 : std::atoll(text.c_str() + equals + 1);
    if (value < 1) throw InputError("--dim " + text + ": expected NAME=VALUE with a value of at least 1");
    dims[text.substr(0, equals)] = value;
  }
  return dims;
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

template <class T>
void append(std::vector<T>& list, const std::vector<T>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

void override_quantisation(const Overrides& given, RunSpec& run) {
  append(run.samples, given.samples);
  append(run.int16, given.int16);
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

}  // namespace

Scenario resolve(const std::string& file, const Overrides& overrides, const Listener& listener) {
  ModelChoices choices{parse_dims(overrides.dims), parse_assumptions(overrides.assume), std::nullopt};
  if (overrides.inputs_as_weights) choices.inputs_as_weights = true;
  listener.report("import", 0, 0);
  return resolve(read_run(file, choices), overrides);
}

Scenario resolve(RunSpec run, const Overrides& overrides) {
  Scenario scenario;
  if (!overrides.machine.empty()) run.machine = overrides.machine;
  if (!overrides.policy.empty()) run.policy = overrides.policy;
  append(run.settings, overrides.settings);
  override_quantisation(overrides, run);
  scenario.machine = read_machine(run.machine, run.settings);
  scenario.policy = Policy::read(run.policy.empty() ? scenario.machine.policy : run.policy);
  scenario.run = std::move(run);
  return scenario;
}

}  // namespace bpusim
