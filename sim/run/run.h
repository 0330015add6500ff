// A run from its description to its result: quantise, place, lower, execute, compare.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/machine_params.h"
#include "models/observers/stall_accounting.h"
#include "sim/advise/advice.h"
#include "sim/config/policy.h"
#include "sim/operators/step_lowering.h"
#include "sim/quantise/accuracy.h"
#include "sim/quantise/sensitivity.h"
#include "sim/run/int16_search.h"
#include "sim/run/method_choice.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// One row of the report.
struct NodeResult {
  std::string name, op, on, reason, shape, mapping, bound, in_type, out_type;
  std::string origin;                 ///< operators and nodes that a rule put together to this one
  std::vector<std::string> fused;     ///< nodes that run as part of this one
  int segment = 0;                    ///< nodes between two changes of side share one
  std::int64_t cycles = 0;            ///< by which it took the run further
  std::int64_t under_way_cycles = 0;  ///< from its first command to its last; at least `cycles`
  double time_ms = 0;
  std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;
  double bandwidth_gbps = 0;     ///< over under_way_cycles
  double roofline_fraction = 0;  ///< least possible cycles over under_way_cycles
  std::int64_t macs = 0;
  double mac_utilisation = 0;         ///< of all MACs of all cores over the node's cycles
  std::int64_t weight_bytes = 0;      ///< constants that come from DRAM: weights, affine entries
  std::int64_t activation_bytes = 0;  ///< tensors that it reads and makes, each once, wherever they are
  std::int64_t overflows = 0;
  bool output = false;                         ///< it makes an output of the network
  std::array<std::int64_t, kCauses> causes{};  ///< engine cycles by cause, over the engines that took part
  double statistics_error = 0;       ///< of running statistics against golden, over the largest magnitude
  std::optional<Accuracy> accuracy;  ///< absent without function, and for text
};

/// What an engine did over the whole run.
struct EngineUse {
  EngineInfo engine;
  CauseCycles cycles{};
  std::int64_t commands = 0;
};

/// How the run's values came to their grids.
struct Quantised {
  std::string
      source;  ///< "samples", "inputs" (the run's own, from files) or "drawn" (numbers that are no data)
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

struct RunResult {
  std::string name, machine, policy;
  double clock_mhz = 0;
  bool function = true;
  std::vector<NodeResult> nodes;
  std::optional<Quantised> quantised;  ///< absent without function
  std::vector<EngineUse> engines;
  std::vector<Advice> advice;  ///< what to change, by time won; each as if it alone were followed
  std::int64_t cycles = 0, bpu_cycles = 0, host_cycles = 0;
  std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;
  double peak_bandwidth_gbps = 0;  ///< in the busiest 4096 cycles
  double pin_bandwidth_gbps = 0;
  std::int64_t sram_bytes = 0, sram_high_water_bytes = 0;  ///< of one core
  std::int64_t row_hits = 0, row_misses = 0, row_conflicts = 0;
  double wall_seconds = 0;

  double time_ms(std::int64_t of_cycles) const { return static_cast<double>(of_cycles) / clock_mhz / 1000; }
  Ways ways;  ///< how steps were lowered, by what they look like
};

/// Throws InputError and PlacementError. Steps that look like one in `known` are lowered in the same way,
/// which saves the search for the fastest (RunResult::ways of a run whose operators see the same machine).
RunResult execute_run(const RunSpec& run, const MachineParams& machine, const Policy& policy, bool function,
                      const Ways& known = {});

/// Where every operator would go, without a simulation, and what would be worth changing.
struct PlacedNode {
  std::string name, op, shape, on, reason, source;
};
struct CheckResult {
  std::vector<PlacedNode> nodes;
  std::vector<Advice> advice;
};
CheckResult check_run(const RunSpec& run, const Policy& policy);

}  // namespace bpusim
