// The grids of all values, from the values that they take in float64 on calibration samples.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernels/quantise/calibration.h"
#include "sim/listener.h"
#include "sim/plan/placed_network.h"
#include "sim/quantise/golden_store.h"
#include "sim/scenario/run_file.h"
#include "sim/scenario/samples.h"

namespace bpusim {

struct Calibration {
  /// Of all values, also those inside a step; of those that lie as float32 what they would have on the BPU.
  std::map<std::string, Quantisation> grids;
  std::map<std::string, StringTensor> text;  ///< of text values of the run's own input
};

/// What the nodes that read a value lose by its int8 grid, noise over signal (reader_losses.h).
struct ReaderLoss {
  double largest = 0;          ///< magnitude, of the value's grid class
  std::vector<double> by_end;  ///< where the grid ends at largest * 2^(-k/4)
  std::size_t least = 0;       ///< the k at which the whole grid class loses least

  /// At the end that is nearest to `magnitude`.
  double at(double magnitude) const;
};

/// What golden passes leave. All methods choose from the same statistics.
struct Observation {
  std::map<std::string, ValueStatistics> values;
  std::map<std::string, StringTensor> text;
  std::map<std::string, ReaderLoss> losses;  ///< by value; empty before observe_readers()
  std::set<std::string> noise;               ///< values that are what rounding left of sums that cancel
  std::vector<std::string> doubts;           ///< what the evaluation says of nodes (GoldenVisitor::doubt)
};

/// The method of one node's values, where it is not the one of the whole network.
struct NodeCalibration {
  std::string node;
  CalibrationMethod method;
};

/// The run with "auto" replaced by what it found: a method, and others for some nodes.
RunSpec settled(RunSpec run, const CalibrationMethod& chosen, const std::vector<NodeCalibration>& by_node);

/// Evaluates the network in float64 on each sample, twice where there are several: ranges first, histograms
/// then. Also evaluates it on its own input: tensors of steps, and results that only the host makes, go to
/// `own`. Those of the first sample go to judged[0], and inputs and outputs of the network on the samples
/// behind it, up to kJudgedSamples, to a store each, unless the network's own input is the only sample.
Observation observe(const PlacedNetwork& placed, const Samples& samples, GoldenStore& own,
                    std::vector<GoldenStore>& judged, const Listener& listener = {});

/// Samples that "auto" runs in int8, at most.
constexpr std::size_t kJudgedSamples = 8;

/// Chooses each value's grid with the options of the node that makes it (of the first that reads it, for the
/// network's inputs and constants). Tensors of a grid class get the widest grid among them. Nodes whose
/// calibration is "auto" take `chosen`.
Calibration choose_grids(const RunSpec& run, const PlacedNetwork& placed, const Observation& observation,
                         const CalibrationMethod& chosen);

/// Grids for timing alone: of the right kind and type, with a step of 1.
Calibration nominal_calibration(const RunSpec& run, const PlacedNetwork& placed);

/// The node whose options decide about each value: its maker, or its first reader.
std::map<std::string, const Node*> deciding_nodes(const Network& network);

/// Whether the calibration of any node is this word.
bool asks_for(const RunSpec& run, const std::string& calibration);

/// Values whose grids are affine.
std::set<std::string> affine_values(const RunSpec& run, const Network& network);

}  // namespace bpusim
