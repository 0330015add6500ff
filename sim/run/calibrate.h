// The float64 golden model of a run, and the grids that are chosen by it.
#pragma once

#include <vector>

#include "models/machine_params.h"
#include "sim/listener.h"
#include "sim/operators/step_lowering.h"
#include "sim/plan/placed_network.h"
#include "sim/quantise/calibration.h"
#include "sim/quantise/golden_store.h"
#include "sim/result/result.h"

namespace bpusim {

/// Golden values of the run's own input and of samples, with what all values were seen to take.
struct GoldenPass {
  explicit GoldenPass(const PlacedNetwork& placed);

  GoldenStore own;
  std::vector<GoldenStore> samples;  ///< of the first few, where there are some
  Observation observation;

  /// Those that quantised networks are judged by.
  std::vector<const GoldenStore*> judged() const;
};

/// The grids of a run and how they were found.
struct RunCalibration {
  Calibration grids;
  RunSpec settled;           ///< the run with "auto" replaced by what it found
  CalibrationMethod method;  ///< that "auto" found for nodes without one of their own
  Quantised report;
};

/// Runs the golden model and chooses grids. `choices` gets the choices of compilers that "auto" needs. Throws
/// InputError.
RunCalibration calibrate(const RunSpec& run, const PlacedNetwork& placed, const MachineParams& machine,
                         GoldenPass& golden, LoweringChoices& choices, const Listener& listener);

}  // namespace bpusim
