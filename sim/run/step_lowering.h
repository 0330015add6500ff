// From a placed step to programs, with the constants that it needs in DRAM and the ideal result to hold it
// against.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/command.h"
#include "models/machine_params.h"
#include "sim/run/golden.h"
#include "sim/run/placement.h"
#include "sim/run/roofline.h"

namespace bpusim {

/// The int8 grid for values that a tensor takes, by the calibration method and the form that the options
/// name.
Quantisation calibrate(const std::vector<double>& values, const NodeOptions& options);

/// A tensor in the simulated DRAM.
struct TensorPlace {
  Quantisation grid;
  std::int64_t address = 0;
  std::int64_t elements = 0;
};

/// Everything that lowering needs to know, and the DRAM that it fills.
struct LoweringContext {
  const RunSpec& run;
  const MachineParams& machine;
  const GoldenValues& golden;
  const std::map<std::string, TensorPlace>& places;
  const std::map<std::string, Placement::Where>& made_on;  ///< by value: where its producer ran
  DramPort& dram;
  std::function<std::int64_t(std::int64_t)> allocate;    ///< bytes to an address
  std::function<std::int64_t(const Program&)> rehearse;  ///< cycles that a program takes, without function
};

struct LoweredStep {
  std::vector<Program> programs;  ///< run one after another
  std::string mapping;
  Work work;
  std::vector<std::string> inputs, outputs;           ///< values that are tensors on the machine
  std::map<std::string, std::int64_t> float_outputs;  ///< float32 results of the host, with their addresses
  /// Ideal codes of all outputs, one after the other, from the codes of all inputs.
  std::function<std::vector<std::int64_t>(const std::vector<std::vector<std::int64_t>>&)> ideal;
};

/// Throws InputError where the run asks for what cannot be done.
LoweredStep lower_step(const Step& step, const LoweringContext& context);

}  // namespace bpusim
