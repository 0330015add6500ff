#include "sim/run/what_if.h"

#include <algorithm>

#include "kernels/units.h"
#include "sim/input_error.h"
#include "sim/plan/placement.h"

namespace bpusim {

namespace {

// More room for tensors beside the operators' SRAM, which keeps its bytes and its banks.
MachineParams with_room(MachineParams machine, std::int64_t tensor_bytes) {
  const std::int64_t bank = machine.sram.bytes / machine.sram.banks;
  const std::int64_t missing = std::max<std::int64_t>(0, tensor_bytes - machine.sram.tensor_bytes);
  const std::int64_t more = round_up(missing, bank);
  machine.sram.tensor_bytes += more;
  machine.sram.bytes += more;
  machine.sram.banks += more / bank;
  return machine;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The same work, with the nodes that move let go where the run itself has them on the host, and others of the
// same operators kept on the CPU.
RunSpec moved(RunSpec run, const WhatIf& change, const RunResult& result) {
  run.int16_below = run.int16_until = -1;  // what was found is named
  if (result.quantised) run.int16 = result.quantised->int16;
  for (const NodeResult& row : result.nodes) {
    if (!row.on_cpu() || !holds(change.on_bpu, row.op)) continue;
    NodeOptions options = run.options_of(row.name);
    if (holds(change.nodes, row.name)) {
      if (options.mapping == Mapping::Host) options.mapping.reset();
      run.on.erase(row.name);
      run.on.erase(row.op);
    } else {
      options.mapping = Mapping::Host;
    }
    run.options[row.name] = options;
  }
  return run;
}

std::int64_t cycles_with(const WhatIf& change, const Scenario& scenario, const RunOptions& timing,
                         const RunResult& result) {
  const Scenario changed{moved(scenario.run, change, result),
                         with_room(scenario.machine, change.tensor_bytes),
                         scenario.policy.with_on_bpu(change.on_bpu).with_in_primitives(change.in_primitives)};
  return simulate(changed, timing).cycles;
}

}  // namespace

void try_changes(const Scenario& scenario, const RunOptions& options, const LoweringChoices& choices,
                 RunResult& result) {
  RunOptions timing = RunOptions::timing();
  timing.listener = options.listener;
  timing.listener.warning = nullptr;  // the run itself has said it
  timing.known = &choices;
  for (Advice& advice : result.advice) {
    if (!advice.what_if) continue;
    try {
      const std::int64_t cycles = cycles_with(*advice.what_if, scenario, timing, result);
      advice.run_ms = result.time_ms(cycles);
      advice.won_ms = result.time_ms(result.cycles - cycles);
    } catch (const InputError&) {  // what the BPU refuses stays priced as it was
    } catch (const PlacementError&) {
    }
  }
  std::stable_sort(result.advice.begin(), result.advice.end(),
                   [](const Advice& a, const Advice& b) { return a.won_ms > b.won_ms; });
}

}  // namespace bpusim
