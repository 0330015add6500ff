// Which calibration method serves a network best: each is tried, in int8, on the samples.
#pragma once

#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/compile/network_compiler.h"
#include "sim/quantise/calibration.h"

namespace bpusim {

struct MethodTrial {
  CalibrationMethod method;
  double cosine = 0;  ///< of the outputs against golden: the least among them, its mean over the samples
};

struct MethodChoice {
  std::vector<MethodTrial> tried;        ///< for all nodes
  CalibrationMethod best;                ///< of these
  std::vector<NodeCalibration> by_node;  ///< nodes that another method serves better
  double cosine = 0;                     ///< with all of that
};

/// What methods are tried on. Everything but the goldens must outlive the call.
struct MethodChoiceInput {
  const RunSpec& run;
  const PlacedNetwork& placed;
  const Observation& observation;
  std::vector<const GoldenStore*> goldens;  ///< as judged_cosine() takes them
  const MachineParams& machine;
  LoweringChoices& choices;  ///< gets the compiler's choices, which do not depend on the method
  const Listener& listener;
};

/// Tries each method for all nodes. The best has the greatest judged_cosine(); of methods within 1e-6 of each
/// other the simpler one. Below 0.99 the grids whose readers lose most by that method (the worst twelve grid
/// classes) are then tried with each other method, one after the other, and keep what raises the cosine.
MethodChoice choose_method(const MethodChoiceInput& input);

}  // namespace bpusim
