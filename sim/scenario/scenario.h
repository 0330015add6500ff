// The whole question, resolved: which work on which machine under which policy. The one place where names,
// files and settings become values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/config/policy.h"
#include "sim/listener.h"
#include "sim/scenario/identity.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

struct Scenario {
  RunSpec run;
  MachineParams machine;
  Policy policy;
  ScenarioOrigin origin = {};
};

/// What overrides a run file, or stands beside a model. Empty fields leave it to the file.
struct Overrides {
  std::string machine, policy;        ///< preset or file
  std::string calibration;            ///< of all nodes
  std::vector<std::string> settings;  ///< "section.key=value" of the machine, behind the file's own
  std::vector<std::string> dims;      ///< "NAME=VALUE" of a model's dynamic dimensions
  std::vector<std::string> inputs;    ///< "NAME=FILE" of a model's inputs, before the file's own
  std::vector<std::string> on;        ///< "NODE=cpu" or "NODE=bpu", before the file's own
  std::vector<std::string> assume;    ///< "NAME=true" or "NAME=false": the branch of a model's If
  bool inputs_as_weights = false;  ///< a model's inputs that operators read as weights are some without data
  std::vector<std::string> samples;  ///< to calibrate on, beside the file's own
  std::vector<std::string> int16;    ///< nodes and inputs, beside the file's own
  std::vector<std::string> int32;    ///< outputs, beside the file's own
  std::vector<std::string> float32;  ///< outputs, beside the file's own
  double int16_below = -1, int16_until = -1;
  bool sensitivity = false;
  std::string memory_limit;   ///< bytes that the run may take (MemoryBudget), "4GiB"; empty for the default
  bool outside_data = false;  ///< external data may lie outside of the model's folder
};

/// Bytes of "4GiB"; 0, which stands for MemoryBudget's default, of no text. Throws InputError.
std::int64_t parse_memory_limit(const std::string& text);

/// Reads a run file (.yaml) or a model (.onnx) and what it names. Throws InputError with everything that is
/// wrong. The listener is warned of attributes of a model that nobody knows, and told what was taken where no
/// word, or a nearly right one, says it.
Scenario resolve(const std::string& file, const Overrides& overrides = {}, const Listener& listener = {});

/// The same for a run that is in memory already; dims are too late for it.
Scenario resolve(RunSpec run, const Overrides& overrides = {});

}  // namespace bpusim
