// Which calibration method serves a network best: each is tried, in int8, on the first sample.
#pragma once

#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/run/calibration.h"
#include "sim/run/network_compiler.h"

namespace bpusim {

struct TriedMethod {
  CalibrationMethod method;
  double cosine = 0;  ///< of the outputs against golden: the least among them
};

struct MethodChoice {
  std::vector<TriedMethod> tried;
  CalibrationMethod best;
};

/// Compiles the network once a method and runs its programs untimed on the sample whose golden values are in
/// `golden`. The best has the greatest cosine; of methods within 1e-6 of each other the simpler one. Outputs
/// of one number do not count, unless all are: their cosine is no more than a sign. `ways` gets the
/// compiler's choices, which do not depend on the method.
MethodChoice choose_method(const RunSpec& run, const Network& network, const std::vector<Step>& steps,
                           const Sharing& sharing, const Observation& observation, const GoldenStore& golden,
                           const MachineParams& machine, std::map<std::string, Way>& ways);

}  // namespace bpusim
