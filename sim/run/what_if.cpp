#include "sim/run/what_if.h"

#include <algorithm>

#include "kernels/units.h"
#include "sim/input_error.h"
#include "sim/plan/placement.h"
#include "sim/result/summary.h"

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

Scenario changed(const WhatIf& change, const Scenario& scenario, const RunResult& result) {
  return {moved(scenario.run, change, result), with_room(scenario.machine, change.tensor_bytes),
          scenario.policy.with_on_bpu(change.on_bpu).with_in_primitives(change.in_primitives)};
}

// Another form of the same operator is another result, which its time alone does not say.
void try_change(const Scenario& scenario, RunOptions options, const RunResult& result, Advice& advice) {
  options.function = result.function && !advice.what_if->in_primitives.empty();
  const RunResult tried = simulate(changed(*advice.what_if, scenario, result), options);
  advice.run_ms = result.time_ms(tried.cycles);
  advice.won_ms = result.time_ms(result.cycles - tried.cycles);
  const OutputAccuracy now = output_accuracy(result.nodes), then = output_accuracy(tried.nodes);
  if (now.known && then.known) advice.outputs = Advice::Outputs{now.cosine, then.cosine};
}

}  // namespace

void try_changes(const Scenario& scenario, const RunOptions& options, const LoweringChoices& choices,
                 RunResult& result) {
  RunOptions timing = RunOptions::timing();
  timing.known = &choices;
  Listener listener = options.listener;
  listener.warning = nullptr;  // the run itself has said it
  const auto changes = static_cast<double>(std::count_if(
      result.advice.begin(), result.advice.end(), [](const Advice& advice) { return advice.what_if; }));
  double tried = 0;
  for (Advice& advice : result.advice) {
    if (!advice.what_if) continue;
    timing.listener = listener.part(tried / changes, (tried + 1) / changes);
    ++tried;
    try {
      try_change(scenario, timing, result, advice);
    } catch (const InputError&) {  // what the BPU refuses stays priced as it was
    } catch (const PlacementError&) {
    }
  }
  std::stable_sort(result.advice.begin(), result.advice.end(),
                   [](const Advice& a, const Advice& b) { return a.won_ms > b.won_ms; });
}

}  // namespace bpusim
