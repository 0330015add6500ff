// The grids of all values, from the values that they take in float64.
#pragma once

#include <map>
#include <string>

#include "kernels/quantise.h"
#include "sim/network/run_file.h"
#include "sim/run/golden_store.h"
#include "sim/run/sharing.h"

namespace bpusim {

/// The grid for values that a tensor takes, by the calibration method and the form that the options name.
Quantisation calibrate(const std::vector<double>& values, const NodeOptions& options);

struct Calibration {
  std::map<std::string, Quantisation> grids;  ///< of all values, also those inside a step
  std::map<std::string, StringTensor> text;   ///< of text values
};

/// Evaluates the network in float64 and calibrates each value on the way, with the options of the node that
/// makes it (of the first that reads it, for the network's inputs and constants). Tensors of a grid class get
/// the widest grid among them. Values that steps make or read go to `store`.
Calibration calibrate(const RunSpec& run, const Network& network, const std::vector<Step>& steps,
                      const Sharing& sharing, GoldenStore& store);

/// Grids for timing alone: of the right kind, with a step of 1.
Calibration nominal_calibration(const RunSpec& run, const Network& network, const Sharing& sharing);

}  // namespace bpusim
