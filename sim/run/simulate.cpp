#include "sim/run/simulate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "models/machine.h"
#include "sim/advise/advice.h"
#include "sim/advise/timed_advice.h"
#include "sim/config/input_file.h"
#include "sim/input_error.h"
#include "sim/operators/operator.h"
#include "sim/plan/amounts.h"
#include "sim/plan/element_types.h"
#include "sim/plan/names_given.h"
#include "sim/plan/placement.h"
#include "sim/quantise/given.h"
#include "sim/run/calibrate.h"
#include "sim/run/execution.h"
#include "sim/run/int16_passes.h"
#include "sim/run/passes.h"
#include "sim/run/rows.h"
#include "sim/run/unused_mappings.h"
#include "sim/run/what_if.h"
#include "sim/scenario/samples.h"

namespace bpusim {

namespace {

RunResult result_of(const Scenario& scenario, const RunOptions& options) {
  RunResult result;
  result.name = scenario.run.name;
  result.machine = scenario.machine.name;
  result.policy = scenario.policy.name();
  result.clock_mhz = scenario.machine.bpu.clock_mhz;
  result.function = options.function;
  result.notes = scenario.run.notes;
  result.of_toolchain = scenario.run.of_toolchain;
  return result;
}

// Windows are counted from cycle 0, by the ends of bursts: a run may be shorter than one, the last one is
// cut off, and a burst may have begun in the window before. No run's busiest stretch has less than the run on
// average, and none has more than the pins.
double busiest_bytes_per_cycle(const RunResult& result, std::int64_t window_bytes, double pins) {
  const std::int64_t cycles = std::max<std::int64_t>(result.cycles, 1);
  const double window = static_cast<double>(window_bytes) /
                        static_cast<double>(std::min<std::int64_t>(kPeakWindowCycles, cycles));
  const double average =
      static_cast<double>(result.dram_read_bytes + result.dram_write_bytes) / static_cast<double>(cycles);
  return std::min(pins, std::max(window, average));
}

void report(const RowInput& rows, const Machine& machine, RunResult& result) {
  result.nodes = node_rows(rows);
  result.outputs = output_rows(rows, result.function);
  for (const NodeResult& row : result.nodes) {
    result.dram_read_bytes += row.dram_read_bytes;
    result.dram_write_bytes += row.dram_write_bytes;
  }
  result.cycles = rows.record.cycles;
  result.bpu_cycles = rows.record.bpu_cycles;
  result.host_cycles = rows.record.host_cycles;
  result.engines = engine_rows(machine, rows.record.stalls);
  const DramActivity activity = machine.dram_activity();
  result.row_hits = activity.row_hits;
  result.row_misses = activity.row_misses;
  result.row_conflicts = activity.row_conflicts;
  const double gbps_per_byte_a_cycle = rows.machine.bpu.clock_mhz / 1000;
  const double pins = dram_peak_bytes_per_cycle(rows.machine);
  result.peak_bandwidth_gbps =
      busiest_bytes_per_cycle(result, activity.peak_window_bytes, pins) * gbps_per_byte_a_cycle;
  result.pin_bandwidth_gbps = pins * gbps_per_byte_a_cycle;
  result.sram_bytes = rows.machine.sram.bytes;
  result.sram_high_water_bytes = rows.record.sram_high_water_bytes;
}

// Nodes whose results are infinite or no number, of which golden had nothing to say: codes that stand for 0
// are what operators on the CPU may divide by, and a file may hold infinity.
std::vector<std::string> not_finite(const std::vector<NodeResult>& nodes,
                                    const std::vector<std::string>& doubts) {
  std::vector<std::string> texts;
  for (const NodeResult& node : nodes) {
    if (!node.accuracy || std::isfinite(node.accuracy->cosine)) continue;
    const auto is_of = [&](const std::string& doubt) { return doubt.rfind(node.name + ": ", 0) == 0; };
    if (std::none_of(doubts.begin(), doubts.end(), is_of))
      texts.push_back(
          node.name +
          ": its results hold infinity or NaN: what it reads holds them already, or lost its small "
          "values to int8; then make that int16");
  }
  return texts;
}

void inform(const Listener& listener, const RunResult& result) {
  if (!listener.info) return;
  for (const NodeResult& row : result.nodes)
    listener.info(row.op + " " + row.name + ": " + row.mapping + " on " + to_string(row.on) + ", " +
                  std::to_string(row.cycles) + " cycles");
}

// The newest of ONNX's own operators in the model; 0 where the run is a list of operators.
int opset_of(const RunSpec& run) {
  int opset = 0;
  for (const Node& node : run.network.nodes)
    if (run.from_model && node.domain.empty()) opset = std::max(opset, node.opset);
  return opset;
}

void advise(const Scenario& scenario, const TimedAdviceInput& timed, bool function, RunResult& result) {
  result.advice = timed_advice(timed);
  const CompilerInput& in = timed.network;
  auto found = static_advice({in.placed.network, in.placed.steps, function ? &in.calibration.grids : nullptr,
                              numeric_widths(in.machine.numerics), &scenario.policy, opset_of(scenario.run)});
  add_times(result, found);
  result.advice.insert(result.advice.end(), found.begin(), found.end());
  std::stable_sort(result.advice.begin(), result.advice.end(),
                   [](const Advice& a, const Advice& b) { return a.won_ms > b.won_ms; });
}

// A model without its weights' data has nothing to compute with.
RunOptions possible(RunOptions options, const Scenario& scenario) {
  if (!scenario.run.network.shapes_only || !options.function) return options;
  if (options.listener.warning) options.listener.warning("the model's weights have no data: timing only");
  options.function = false;
  return options;
}

// Every error names the file that the network is from, or the place that names its samples. What does not fit
// somewhere deep in it is the input's fault as well.
template <class Work>
auto naming_file(const RunSpec& run, Work&& work) {
  const std::string& file = run.network.file;
  const auto begins_with = [](const std::string& line, const std::string& place) {
    return !place.empty() && line.rfind(place + ":", 0) == 0;
  };
  const auto named = [&](std::vector<std::string> lines) {
    for (std::string& line : lines) {
      const bool placed =
          begins_with(line, file) ||
          std::any_of(run.input_samples.begin(), run.input_samples.end(),
                      [&](const InputSamples& samples) { return begins_with(line, samples.place); });
      if (!file.empty() && !placed) line.insert(0, file + ": ");
    }
    return lines;
  };
  try {
    return work();
  } catch (const InputError& error) {
    throw InputError(named(error.lines()));
  } catch (const PlacementError& error) {
    throw PlacementError(named(error.lines()));
  } catch (const std::invalid_argument& error) {
    throw InputError(named({error.what()}));
  }
}

}  // namespace

RunPass run_once(const Scenario& scenario, const RunOptions& options,
                 const std::vector<Observer*>& observers) {
  const bool function = options.function;
  RunPass pass{result_of(scenario, options), scenario.run};
  LoweringChoices choices = options.known != nullptr ? *options.known : LoweringChoices{};
  const PlacedNetwork placed = place_network(scenario.run, scenario.policy);
  GoldenPass golden(placed);
  Calibration grids;
  if (function) {
    RunCalibration found =
        calibrate(scenario.run, placed, scenario.machine, golden, choices, options.listener.part(0, 0.3));
    grids = std::move(found.grids);
    pass.settled = std::move(found.settled);
    pass.result.quantised = std::move(found.report);
  } else {
    grids = nominal_calibration(scenario.run, placed);
  }
  pass.result.warnings = golden.observation.doubts;
  const auto& notes = placed.network.notes;
  pass.result.warnings.insert(pass.result.warnings.end(), notes.begin(), notes.end());
  for (std::string& text : given_in_vain(scenario.run, placed))
    pass.result.warnings.push_back(std::move(text));
  for (std::string& text : places_in_vain(scenario.run, placed.network))
    pass.result.warnings.push_back(std::move(text));
  Machine machine(scenario.machine, function);
  const Listener compiling = options.listener.part(function ? 0.3 : 0, 0.6),
                 running = options.listener.part(0.6, 1);
  const CompilerInput input{scenario.run,     placed,   grids,     function ? &golden.own : nullptr,
                            scenario.machine, &choices, &compiling};
  NetworkCompiler compiler(input, machine.dram());
  const CompiledNetwork compiled = compiler.compile();
  for (std::string& text : unused_mappings(scenario.run, placed, compiled))
    pass.result.warnings.push_back(std::move(text));
  for (const std::string& name : names_of_floats(placed, scenario.run.int16))
    pass.result.warnings.push_back("'" + name +
                                   "' is float32, and int16 is asked for: no operator of the BPU makes or "
                                   "reads it");
  const ExecutionRecord record = execute({placed, compiled, function ? &golden.own : nullptr,
                                          scenario.run.sensitivity, observers, running, options.output},
                                         machine);
  const RowInput rows{placed, compiled, scenario.machine, record};
  report(rows, machine, pass.result);
  for (std::string& text : not_finite(pass.result.nodes, golden.observation.doubts))
    pass.result.warnings.push_back(std::move(text));
  if (function) pass.result.quantised->sensitivity = sensitivity_rows(rows, golden.observation);
  advise(scenario, {input, compiled, compiler, pass.result}, function, pass.result);
  if (options.taken != nullptr) *options.taken = std::move(choices);
  return pass;
}

namespace {

// What would make the run slower, as it was timed or else priced, is no advice.
void leave_out_losses(std::vector<Advice>& advice) {
  const auto loses = [](const Advice& a) { return a.what_if && a.won_ms < 0; };
  advice.erase(std::remove_if(advice.begin(), advice.end(), loses), advice.end());
}

RunResult simulate_named(const Scenario& scenario, const RunOptions& asked,
                         const std::vector<Observer*>& observers) {
  const auto start = std::chrono::steady_clock::now();
  const RunOptions options = possible(asked, scenario);
  const bool searches = scenario.run.int16_below > -1 || scenario.run.int16_until > -1;
  const double searched = searches ? 0.5 : 0, ran = options.what_if ? searched + (1 - searched) / 2 : 1;
  RunOptions searching = options;
  searching.output = nullptr;  // those of the run that is reported
  searching.listener = options.listener.part(0, searched);
  const std::optional<Int16Findings> int16 = find_int16(scenario, searching);
  Scenario final_scenario = scenario;
  if (int16) final_scenario.run = int16->run;
  LoweringChoices choices;
  RunOptions final_options = options;
  final_options.taken = &choices;
  final_options.listener = options.listener.part(searched, ran);
  RunResult result = run_once(final_scenario, final_options, observers).result;
  if (int16) int16->describe(*result.quantised);
  inform(options.listener, result);
  if (options.listener.warning)
    for (const std::string& text : result.warnings) options.listener.warning(text);
  result.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.identity = identity_of(scenario);  // as it is asked for, not as a search leaves it
  result.identity.options.function = options.function;
  result.identity.options.what_if = options.what_if;
  searching.listener = options.listener.part(ran, 1);
  if (options.what_if) try_changes(final_scenario, searching, choices, result);
  leave_out_losses(result.advice);
  if (options.taken != nullptr) *options.taken = std::move(choices);
  return result;
}

// Nodes of which nothing runs, since they are other shapes of the same bytes, are in no segment.
std::vector<PlacedNode> placed_nodes(const std::vector<Step>& steps, const Network& network) {
  std::vector<PlacedNode> nodes;
  int segment = 0;
  std::optional<Side> side;
  for (const Step& step : steps) {
    PlacedNode node{step.name,  step.op, step.shape, step.placement.reason, step.placement.source,
                    step.side()};
    node.macs = macs_of(step, network);
    node.parameters = parameters_of(step, network);
    const OperatorDefinition* row = find_operator(network.nodes[step.nodes.front()].op);
    if (row == nullptr || !row->alias || !step.on_bpu()) {
      if (side != node.on) ++segment;
      side = node.on;
      node.segment = segment;
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

CheckResult check_named(const Scenario& scenario) {
  require_samples(scenario.run.samples, scenario.run.input_samples);
  CheckResult result;
  result.identity = identity_of(scenario);
  result.identity.options.function = false;
  result.name = scenario.run.name;
  result.machine = scenario.machine.name;
  result.policy = scenario.policy.name();
  result.notes = scenario.run.notes;
  const Requests requests = requests_of(scenario.run);
  PlacedNetwork placed;
  placed.network = simplified(scenario.run.network, scenario.policy, requests);
  result.notes.insert(result.notes.end(), placed.network.notes.begin(), placed.network.notes.end());
  placed.steps = place(scenario.run, placed.network, scenario.policy, requests);
  refuse_unknown_names(scenario.run, placed);
  for (std::string& text : places_in_vain(scenario.run, placed.network))
    result.notes.push_back(std::move(text));
  result.nodes = placed_nodes(placed.steps, placed.network);
  result.advice =
      static_advice({placed.network, placed.steps, nullptr, {}, &scenario.policy, opset_of(scenario.run)});
  return result;
}

}  // namespace

RunResult simulate(const Scenario& scenario, const RunOptions& options,
                   const std::vector<Observer*>& observers) {
  return naming_file(scenario.run, [&] {
    const std::size_t mark = files_read();
    RunResult result = simulate_named(scenario, options, observers);
    add_files_since(mark, result.identity);  // samples, and external data once somebody asked for them
    return result;
  });
}

GoldenValues golden_values(const Scenario& scenario, const Listener& listener) {
  return naming_file(scenario.run, [&] {
    place_network(scenario.run, scenario.policy);  // says of all operators at once what has no place
    return evaluate(scenario.run.network, listener);
  });
}

CheckResult check(const Scenario& scenario) {
  return naming_file(scenario.run, [&] { return check_named(scenario); });
}

}  // namespace bpusim
