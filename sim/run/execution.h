// A compiled network on the machine: its programs run one after another, and what came of it is taken down.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/machine.h"
#include "models/observers/stall_accounting.h"
#include "sim/compile/network_compiler.h"
#include "sim/listener.h"
#include "sim/run/timeline.h"

namespace bpusim {

/// What running the programs left, by step.
struct ExecutionRecord {
  ExecutionRecord(const Machine& machine, std::size_t steps) : stalls(machine.engines()), timeline(steps) {}

  StallAccounting stalls;
  Timeline timeline;
  std::map<std::size_t, Accuracy> accuracy;
  std::map<std::size_t, Accuracy> alone;            ///< what steps lose by themselves, where that is wanted
  std::map<std::size_t, double> statistics_errors;  ///< of running statistics
  std::int64_t cycles = 0, bpu_cycles = 0, host_cycles = 0;
  std::int64_t sram_high_water_bytes = 0;
};

/// What is executed, and with whom watching. Everything must outlive the call.
struct ExecutionInput {
  const PlacedNetwork& placed;
  const CompiledNetwork& compiled;
  GoldenStore* golden;  ///< null without function; values go once they are compared, unless `alone`
  bool alone;           ///< measures also what each step loses by itself
  const std::vector<Observer*>& observers;
  const Listener& listener;
  /// Gets outputs of the network, in real numbers; may be empty.
  std::function<void(const std::string& name, const Tensor& values)> output;
};

ExecutionRecord execute(const ExecutionInput& input, Machine& machine);

}  // namespace bpusim
