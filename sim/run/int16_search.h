// Which few nodes have to be int16 for the network's outputs to be as good as is wanted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/compile/network_compiler.h"
#include "sim/quantise/calibration.h"
#include "sim/result/result.h"

namespace bpusim {

/// What a search works on. Everything must outlive it.
struct Int16SearchInput {
  const RunSpec& run;
  const PlacedNetwork& placed;                     ///< of the run without the names
  const Observation& observation;                  ///< with what readers lose (reader_losses.h)
  const CalibrationMethod& method;                 ///< of nodes whose calibration is "auto"
  const std::vector<const GoldenStore*>& goldens;  ///< as judged_cosine() takes them
  const MachineParams& machine;
  const Listener& listener;
};

/// Orders nodes by what their int8 grids lose behind the nodes that read them, most first; takes the shortest
/// beginning of that list that reaches the goal, by bisection; then leaves out, the last first, each that the
/// goal is reached without. Each set is compiled and run untimed on the samples. Where none reaches the
/// goal, the best that was tried is named, which may be none. Nodes that cannot be int16 where they lie are
/// left out.
Int16Search search_int16(const Int16SearchInput& input, double goal);

}  // namespace bpusim
