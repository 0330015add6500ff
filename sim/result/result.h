// What a run found out: plain data, for reports, scripts and programs. Of the machine it knows the causes of
// stalls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/observers/cause.h"
#include "sim/result/advice.h"
#include "sim/result/identity.h"

namespace bpusim {

/// Where an operator runs.
enum class Side { Bpu, Cpu, Nowhere };
const char* to_string(Side side);  ///< "BPU", "CPU", "-"

/// What a node cannot be faster than: the longest of what its roofline is made of.
enum class Bound {
  Dram,       ///< bytes over the pins
  DmaLoad,    ///< bytes over the DMA channels that load
  DmaStore,   ///< and over those that store
  Sram,       ///< copies on chip over the channels' ports
  Mac,        ///< multiply-accumulates
  Reduction,  ///< elements that are reduced
  Vector,     ///< elements on the vector unit
  Host,       ///< the CPU
  Nothing,    ///< it did not run
};
constexpr int kBounds = 9;
const char* to_string(Bound bound);  ///< "dram", "dma_load", …; "-" for Nothing

/// Signal-to-quantisation-noise ratio that stands for "no error at all" in reports, in dB.
constexpr double kExactDb = 200;

/// How close a result is: to the float64 golden, and to the ideal integer result.
struct Accuracy {
  double sqnr_db = 0;  ///< 10 log10(sum golden^2 / sum error^2); kExactDb where there is no error
  double cosine = 0;
  double max_abs_error = 0, mean_abs_error = 0;
  double ideal_exact_fraction = 0;        ///< codes equal to the ideal ones
  double ideal_within_1lsb_fraction = 0;  ///< or next to them
  double ideal_sqnr_db = 0;               ///< of the ideal codes
  double ideal_loss_db = 0;               ///< ideal_sqnr_db - sqnr_db
};

/// One row of the report.
struct NodeResult {
  std::string name, op, reason, shape, mapping, in_type, out_type;
  Bound bound = Bound::Nothing;
  Side on = Side::Bpu;
  std::string origin;                 ///< operators and nodes that a rule put together to this one
  std::vector<std::string> fused;     ///< nodes that run as part of this one
  int segment = 0;                    ///< nodes between two changes of side share one
  std::int64_t cycles = 0;            ///< by which it took the run further
  std::int64_t under_way_cycles = 0;  ///< from its first command to its last; at least `cycles`
  double time_ms = 0;
  double share = 0;  ///< of the run's cycles
  std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;
  double bandwidth_gbps = 0;     ///< over under_way_cycles
  double roofline_fraction = 0;  ///< least possible cycles over under_way_cycles
  std::int64_t macs = 0;
  double mac_utilisation = 0;         ///< of all MACs of all cores over the node's cycles
  std::int64_t weight_bytes = 0;      ///< constants that come from DRAM: weights, affine entries
  std::int64_t activation_bytes = 0;  ///< tensors that it reads and makes, each once, wherever they are
  std::int64_t overflows = 0;         ///< accumulators that wrapped
  bool output = false;                ///< it makes an output of the network
  double threshold = 0;               ///< largest magnitude on the grid of what it reads first; 0: none
  CauseCycles causes{};               ///< engine cycles by cause, over the engines that took part
  double statistics_error = 0;        ///< of running statistics against golden, over the largest magnitude
  std::optional<Accuracy> accuracy;   ///< absent without function, and for text

  bool on_cpu() const { return on == Side::Cpu; }
};

/// What an engine did over the whole run.
struct EngineUse {
  std::string name;  ///< "core0.vector"
  std::string unit;  ///< "vector"
  int core = 0;
  CauseCycles cycles{};
  std::int64_t commands = 0;
};

/// What a node loses by int8. `alone` is of the ideal integer result for golden inputs that were quantised:
/// what the node's own grids cost, whatever the nodes before it did.
struct Sensitivity {
  std::string name, op, type;  ///< element type of its output
  double cosine = 1, sqnr_db = 0;
  std::optional<double> alone_cosine, alone_sqnr_db;
  std::vector<Int8Remedy> advice;  ///< all at once; empty where nothing needs to be done
};

/// A calibration method (kernels/quantise/calibration.h) that "auto" tried for all nodes.
struct TriedMethod {
  std::string method;
  double cosine = 0;  ///< of the outputs against golden: the least among them, its mean over the samples
};

/// Stands where a calibration method does, for grids that the model gives.
constexpr const char* kGivenMethod = "given";

/// The method of one node's values, where it is not the one of the whole network.
struct NodeMethod {
  std::string node, method;
};

/// Few nodes that have to be int16 for the network's outputs to be as good as is wanted.
struct Int16Search {
  double goal = 0;                 ///< output cosine that is wanted
  double in_int8 = 0;              ///< output cosine without the names, as sim/run/judged_cosine.h has it
  double reached = 0;              ///< and with them
  std::size_t runs = 0;            ///< sets that were run
  std::int64_t int8_cycles = 0;    ///< of the run without the names
  std::vector<std::string> names;  ///< nodes, and inputs of the network, that are to be int16

  bool met() const { return reached >= goal; }
};

/// What the numbers of a run's samples are.
enum class DataSource {
  Samples,   ///< files to calibrate on
  OwnInput,  ///< the run's own input, from files
  Drawn,     ///< numbers that are no data
};
const char* to_string(DataSource source);  ///< "samples", "inputs", "drawn"

/// How the run's values came to their grids.
struct Quantised {
  DataSource source = DataSource::Drawn;
  bool drawn_inputs = false;  ///< accuracy is measured on numbers that are no data, whatever the source
  std::size_t samples = 1;
  std::string method;                    ///< that the run asks for
  std::string chosen;                    ///< what "auto" took
  std::vector<TriedMethod> tried;        ///< by "auto"
  std::vector<NodeMethod> by_node;       ///< nodes for which "auto" took another
  std::vector<std::string> int16;        ///< nodes whose outputs, and inputs that, are int16
  std::vector<std::string> kept_int8;    ///< below int16_below, without an int16 form where they lie
  std::optional<Int16Search> search;     ///< that int16_until asked for; its names are among int16
  std::vector<Sensitivity> sensitivity;  ///< worst first
};

/// An output of the network, as the application finds it in memory: element i of codes stands for
/// (code - zero_point) * scales[i / channel_elements % scales.size()].
struct OutputResult {
  std::string name, type;
  std::vector<double>
      scales;  ///< one, or one a channel of sums; none of what is no codes, and without function
  std::int64_t zero_point = 0;
  std::int64_t channel_elements = 1;  ///< that lie side by side
};

struct RunResult {
  std::string name, machine, policy;
  double clock_mhz = 0;
  bool function = true;
  std::vector<NodeResult> nodes;
  std::vector<OutputResult> outputs;
  std::optional<Quantised> quantised;  ///< absent without function
  std::vector<EngineUse> engines;
  std::vector<Advice> advice;         ///< by time won; each as if it alone were followed
  std::vector<std::string> warnings;  ///< what is doubtful about the values, and choices that changed nothing
  std::vector<std::string> notes;     ///< what the run's file asks for that is not modelled (RunSpec::notes)
  bool of_toolchain = false;          ///< the run's file is a toolchain's
  std::int64_t cycles = 0, bpu_cycles = 0, host_cycles = 0;
  std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;
  double peak_bandwidth_gbps = 0;  ///< in the busiest 4096 cycles
  double pin_bandwidth_gbps = 0;
  std::int64_t sram_bytes = 0, sram_high_water_bytes = 0;  ///< of one core
  std::int64_t row_hits = 0, row_misses = 0, row_conflicts = 0;
  double wall_seconds = 0;
  Identity identity;
  Making making;

  double time_ms(std::int64_t of_cycles) const { return static_cast<double>(of_cycles) / clock_mhz / 1000; }
};

/// Where an operator would go.
struct PlacedNode {
  std::string name, op, shape, reason, source;
  Side on = Side::Nowhere;
  int segment = 0;              ///< as in NodeResult; 0 where nothing runs
  std::int64_t macs = 0;        ///< multiply-accumulates
  std::int64_t parameters = 0;  ///< elements of weights, biases and affine entries
};

/// Where every operator would go, without a simulation, and what would be worth changing.
struct CheckResult {
  std::string name, machine, policy;
  std::vector<PlacedNode> nodes;
  std::vector<Advice> advice;
  std::vector<std::string> notes;  ///< as in RunResult
  Identity identity = {};
  Making making = {};
};

}  // namespace bpusim
