#include "sim/run/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "kernels/norms/norm.h"
#include "models/machine.h"
#include "sim/advise/timed_advice.h"
#include "sim/compile/network_compiler.h"
#include "sim/input_error.h"
#include "sim/network/patterns.h"
#include "sim/operators/operator.h"
#include "sim/plan/chains.h"
#include "sim/plan/element_types.h"
#include "sim/plan/placement.h"
#include "sim/plan/sharing.h"
#include "sim/plan/simplify.h"
#include "sim/progress.h"
#include "sim/quantise/calibration.h"
#include "sim/quantise/reader_losses.h"
#include "sim/result/roofline.h"
#include "sim/run/capture.h"
#include "sim/run/int16_search.h"
#include "sim/run/measurement.h"
#include "sim/run/node_facts.h"
#include "sim/run/timeline.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

// Rules put together what the policy can place; a composite norm (IBN) only where the BPU runs it whole,
// since apart one of its norms may run there.
std::function<bool(const std::string&)> wanted_by(const Policy& policy) {
  return [&policy](const std::string& op) {
    OperatorFacts facts;
    facts.op = op;
    facts.shape = {1, 2, 2, 2};
    const Where where = policy.place(facts).where;
    const NormDefinition* norm = find_norm(op);
    return norm != nullptr && norm->composite ? where == Where::Bpu : where != Where::Unsupported;
  };
}

// Constants folded, operators put together that exporters wrote out, and those of many operands taken apart.
Network prepared(const Network& network, const Policy& policy) {
  const auto on_bpu = [&policy](const std::string& op) {
    OperatorFacts facts;
    facts.op = op;
    return policy.place(facts).where == Where::Bpu;
  };
  return inferred(chained(recognise(without_neutral_arithmetic(folded(network)), wanted_by(policy)), on_bpu));
}

// The samples that a run calibrates on.
std::string source_of(const RunSpec& run) {
  return !run.samples.empty() ? "samples" : run.drawn_inputs ? "drawn" : "inputs";
}

Sharing shared(const RunSpec& run, const Network& network, const std::vector<Step>& steps) {
  Sharing sharing = plan_sharing(network, steps);
  widen(sharing, network, steps, run.int16);
  return sharing;
}

// Steps that all have a place. What follows may rely on their operators' definitions.
std::vector<Step> placed(const RunSpec& run, const Network& network, const Policy& policy) {
  std::vector<Step> steps = place(run, network, policy);
  refuse_unplaced(steps, policy.name());
  return steps;
}

// What weights would take as float32. They are not in memory, so golden values may take their place.
std::int64_t weight_bytes(const Network& network) {
  std::int64_t bytes = 0;
  for (const auto& [name, value] : network.values)
    if (value.constant) bytes += element_count(value.shape) * static_cast<std::int64_t>(sizeof(float));
  return bytes;
}

class Runner {
 public:
  Runner(const RunSpec& run, const MachineParams& params, const Policy& policy, bool function,
         const Ways& known = {})
      : run_(run),
        params_(params),
        policy_(policy),
        function_(function),
        network_(prepared(run.network, policy)),
        steps_(placed(run_, network_, policy)),
        sharing_(shared(run_, network_, steps_)),
        machine_(params, function),
        stalls_(machine_.engines()),
        timeline_(steps_.size()),
        progress_("run", steps_.size()),
        golden_(GoldenStore::kMemoryBytes + weight_bytes(network_)),
        ways_(known) {
    machine_.add_observer(stalls_);
    machine_.add_observer(timeline_);
    machine_.add_observer(progress_);
  }

  RunResult execute();

  /// Calibrates, which `result` is told of, and looks for the nodes that have to be int16.
  Int16Search search(double goal, RunResult& result);

  /// Nodes whose output has a lower cosine, and what they read: their makers, or inputs of the network.
  std::vector<std::string> below(const RunResult& result, double cosine) const;
  /// Those of them that can be int16.
  std::vector<std::string> widenable(const std::vector<std::string>& names) const {
    return bpusim::widenable(sharing_, network_, steps_, names);
  }

 private:
  Calibration calibrate(RunResult& result);
  std::vector<const GoldenStore*> judged() const;
  void rank(RunResult& result) const;
  void run_programs(const CompiledNetwork& compiled, RunResult& result);
  void report_steps(const CompiledNetwork& compiled, RunResult& result);
  NodeResult row_of(std::size_t s, const LoweredStep& lowered, std::int64_t since) const;
  void report_engines(RunResult& result) const;
  void advise(const TimedAdviceInput& timed, RunResult& result) const;

  const RunSpec& run_;
  const MachineParams& params_;
  const Policy& policy_;
  const bool function_;
  const Network network_;
  const std::vector<Step> steps_;
  const Sharing sharing_;
  Machine machine_;
  StallAccounting stalls_;
  Timeline timeline_;
  RunProgress progress_;
  GoldenStore golden_;
  std::vector<GoldenStore> judged_;  // of samples, where there are some
  Observation observation_;
  Ways ways_;
  std::map<std::string, TensorPlace> places_;
  std::map<std::size_t, Accuracy> accuracy_;
  std::map<std::size_t, Accuracy> alone_;
  std::map<std::size_t, double> statistics_errors_;
};

void Runner::run_programs(const CompiledNetwork& compiled, RunResult& result) {
  std::unique_ptr<Capture> capture;
  const Measurement measured(golden_, places_);
  if (function_) {
    capture =
        std::make_unique<Capture>(machine_, network_, steps_, sharing_, compiled, [&](std::size_t step) {
          const LoweredStep& lowered = compiled.steps[step];
          if (!lowered.ideal) return;
          accuracy_[step] = measured.against_golden(lowered, *capture);
          if (run_.sensitivity) alone_[step] = measured.alone(lowered);
          statistics_errors_[step] = measured.statistics_error(lowered, machine_.dram());
          if (run_.sensitivity) return;  // later steps start from these values
          for (const std::string& output : lowered.outputs) golden_.drop(output);
        });
    machine_.add_observer(*capture);
    for (const auto& [name, part] : sharing_.parts)
      if (network_.values.at(name).has_numbers()) capture->take(name);
    capture->begin();
  }
  for (const Program& program : compiled.programs) {
    const ProgramResult r = machine_.run(program);
    const bool host = program.commands.size() == 1 && program.commands[0].unit == Unit::Host;
    (host ? result.host_cycles : result.bpu_cycles) += r.cycles();
    result.cycles += r.cycles();
    result.sram_high_water_bytes = std::max(result.sram_high_water_bytes, program.sram_bytes);
  }
  result.sram_high_water_bytes += compiled.tensor_bytes;
  if (capture) machine_.remove_observer(*capture);
}

NodeResult Runner::row_of(std::size_t s, const LoweredStep& lowered, std::int64_t since) const {
  const Step& step = steps_[s];
  const Timeline::Step& times = timeline_.step(s);
  NodeResult row;
  row.name = step.name;
  row.op = step.op;
  row.on = step.on_cpu() ? "CPU" : "BPU";
  row.reason = step.placement.reason;
  row.shape = step.shape;
  row.mapping = lowered.mapping;
  const auto type = [&](const std::vector<std::string>& values) {
    return values.empty() ? "string" : to_string(places_.at(values[0]).grid.dtype);
  };
  row.out_type = type(lowered.outputs);
  row.in_type = lowered.inputs.empty() ? row.out_type : type(lowered.inputs);
  row.cycles = std::max<std::int64_t>(0, times.finish - since);
  row.dram_read_bytes = times.dram_read_bytes;
  row.dram_write_bytes = times.dram_write_bytes;
  row.overflows = times.overflows;
  row.causes = stalls_.node_cycles(static_cast<int>(s));
  row.time_ms = static_cast<double>(row.cycles) / params_.bpu.clock_mhz / 1000;
  // A step that loads while the one before it computes is under way for longer than it takes the run further.
  row.under_way_cycles = times.ran ? std::max(row.cycles, times.finish - times.start) : row.cycles;
  const auto under_way = static_cast<double>(row.under_way_cycles);
  if (under_way > 0)
    row.bandwidth_gbps = static_cast<double>(row.dram_read_bytes + row.dram_write_bytes) *
                         params_.bpu.clock_mhz / 1000 / under_way;
  const Roofline roof = roofline(lowered.work, params_);
  row.bound = step.on_cpu() ? "host" : times.ran ? roof.bound : "-";
  if (under_way > 0) row.roofline_fraction = roof.cycles / under_way;
  describe(step, network_, lowered, places_, params_, row);
  if (const auto accuracy = accuracy_.find(s); accuracy != accuracy_.end()) row.accuracy = accuracy->second;
  if (const auto error = statistics_errors_.find(s); error != statistics_errors_.end())
    row.statistics_error = error->second;
  spdlog::info("{} {}: {} on {}, {} cycles", step.op, step.name, row.mapping, row.on, row.cycles);
  return row;
}

// A step's cycles are those by which it took the run further, so that the rows add up to the run.
void Runner::report_steps(const CompiledNetwork& compiled, RunResult& result) {
  std::string side;
  int segment = 0;
  std::int64_t reached = 0;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Node& node = network_.nodes[steps_[s].nodes.front()];
    if (find_operator(node.op)->alias && !steps_[s].on_cpu()) continue;  // the same bytes: nothing runs
    NodeResult row = row_of(s, compiled.steps[s], reached);
    reached = std::max(reached, timeline_.step(s).finish);
    if (row.on != side) ++segment;
    side = row.on;
    row.segment = segment;
    result.dram_read_bytes += row.dram_read_bytes;
    result.dram_write_bytes += row.dram_write_bytes;
    result.nodes.push_back(std::move(row));
  }
  mark_outputs(network_, steps_, result.nodes);
}

void Runner::report_engines(RunResult& result) const {
  for (std::size_t e = 0; e < machine_.engines().size(); ++e)
    result.engines.push_back(
        {machine_.engines()[e], stalls_.cycles(static_cast<int>(e)), stalls_.commands(static_cast<int>(e))});
  const DramActivity activity = machine_.dram_activity();
  result.row_hits = activity.row_hits;
  result.row_misses = activity.row_misses;
  result.row_conflicts = activity.row_conflicts;
  const double gbps_per_byte_a_cycle = params_.bpu.clock_mhz / 1000;
  result.peak_bandwidth_gbps = static_cast<double>(activity.peak_window_bytes) /
                               static_cast<double>(kPeakWindowCycles) * gbps_per_byte_a_cycle;
  result.pin_bandwidth_gbps = dram_peak_bytes_per_cycle(params_) * gbps_per_byte_a_cycle;
  result.sram_bytes = params_.sram.bytes;
}

void Runner::advise(const TimedAdviceInput& timed, RunResult& result) const {
  result.advice = timed_advice(timed);
  const auto* grids = function_ ? &timed.network.calibration.grids : nullptr;
  auto found = static_advice({network_, steps_, grids, numeric_widths(params_.numerics)});
  add_times(result, found);
  result.advice.insert(result.advice.end(), found.begin(), found.end());
  std::stable_sort(result.advice.begin(), result.advice.end(),
                   [](const Advice& a, const Advice& b) { return a.won_ms > b.won_ms; });
}

Calibration Runner::calibrate(RunResult& result) {
  const Samples samples(run_.samples);
  Quantised quantised;
  quantised.source = source_of(run_);
  quantised.samples = samples.count();
  quantised.method = run_.defaults.calibration;
  quantised.int16 = run_.int16;
  observation_ = observe(network_, steps_, sharing_, samples, golden_, judged_);
  CalibrationMethod chosen;
  if (asks_for(run_, "auto") || asks_for(run_, "readers") || run_.int16_until > -1)
    observe_readers(run_, network_, sharing_, samples, observation_);
  if (asks_for(run_, "auto")) {
    MethodChoice choice =
        choose_method(run_, network_, steps_, sharing_, observation_, judged(), params_, ways_);
    chosen = choice.best;
    quantised.chosen = chosen.name();
    quantised.tried = std::move(choice.tried);
    quantised.by_node = std::move(choice.by_node);
  }
  const RunSpec settled_run = settled(run_, chosen, quantised.by_node);
  result.quantised = std::move(quantised);
  return choose_grids(settled_run, network_, sharing_, observation_, chosen);
}

std::vector<const GoldenStore*> Runner::judged() const {
  if (judged_.empty()) return {&golden_};
  std::vector<const GoldenStore*> goldens;
  for (const GoldenStore& store : judged_) goldens.push_back(&store);
  return goldens;
}

Int16Search Runner::search(double goal, RunResult& result) {
  calibrate(result);
  const Quantised& found = *result.quantised;
  const CalibrationMethod method = parse_calibration(found.chosen).value_or(CalibrationMethod{});
  const RunSpec run = settled(run_, method, found.by_node);
  const auto goldens = judged();
  return search_int16({run, network_, steps_, sharing_, observation_, method, goldens, params_}, goal);
}

void Runner::rank(RunResult& result) const {
  if (!result.quantised) return;
  std::vector<Sensitivity>& list = result.quantised->sensitivity;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const auto accuracy = accuracy_.find(s);
    if (accuracy == accuracy_.end()) continue;
    const std::string& output = network_.nodes[steps_[s].nodes.back()].outputs.at(0);
    const Quantisation& grid = places_.at(output).grid;
    Sensitivity node;
    node.name = steps_[s].name;
    node.op = steps_[s].op;
    node.type = to_string(grid.dtype);
    node.cosine = accuracy->second.cosine;
    node.sqnr_db = accuracy->second.sqnr_db;
    if (const auto alone = alone_.find(s); alone != alone_.end()) {
      node.alone_cosine = alone->second.cosine;
      node.alone_sqnr_db = alone->second.sqnr_db;
    }
    node.advice = quantisation_advice(node, observation_.values.at(output), grid.asymmetric);
    list.push_back(std::move(node));
  }
  worst_first(list);
}

std::vector<std::string> Runner::below(const RunResult& result, double cosine) const {
  std::map<std::string, std::string> makers;
  for (const Step& step : steps_)
    for (const std::string& output : network_.nodes[step.nodes.back()].outputs) makers[output] = step.name;
  std::set<std::string> low;
  for (const NodeResult& node : result.nodes)
    if (node.accuracy && node.accuracy->cosine < cosine) low.insert(node.name);
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Step& step : steps_) {
    if (low.count(step.name) == 0) continue;
    for (const std::string& input : operands_of(network_.nodes[step.nodes.front()], network_)) {
      const auto maker = makers.find(input);
      if (maker != makers.end())
        add(maker->second);
      else if (!network_.values.at(input).constant)
        add(input);
    }
    add(step.name);
  }
  return names;
}

RunResult Runner::execute() {
  RunResult result;
  result.name = run_.name;
  result.machine = params_.name;
  result.policy = policy_.name();
  result.clock_mhz = params_.bpu.clock_mhz;
  result.function = function_;
  const Calibration calibration =
      function_ ? calibrate(result) : nominal_calibration(run_, network_, sharing_);
  const CompilerInput input{run_,    network_, steps_, sharing_, calibration, function_ ? &golden_ : nullptr,
                            params_, &ways_};
  NetworkCompiler compiler(input, machine_.dram());
  const CompiledNetwork compiled = compiler.compile();
  places_ = compiled.places;
  run_programs(compiled, result);
  report_steps(compiled, result);
  rank(result);
  report_engines(result);
  advise({input, compiled, compiler, result}, result);
  result.ways = ways_;
  return result;
}

// What "auto" found in int8 becomes what the nodes ask for.
RunSpec as_found(RunSpec run, const Quantised& in_int8) {
  const auto chosen = parse_calibration(in_int8.chosen);
  return chosen ? settled(std::move(run), *chosen, in_int8.by_node) : run;
}

void keep_findings(const Quantised& in_int8, Quantised& quantised) {
  quantised.method = in_int8.method;
  quantised.chosen = in_int8.chosen;
  quantised.tried = in_int8.tried;
  quantised.by_node = in_int8.by_node;
}

// Once in int8, to see which nodes fall below; then with those in int16, by the method that int8 chose.
RunResult execute_in_two_passes(RunSpec run, const MachineParams& machine, const Policy& policy) {
  const double cosine = run.int16_below;
  run.int16_below = -1;
  std::vector<std::string> wanted, taken;
  Quantised in_int8;
  {
    Runner first(run, machine, policy, true);
    const RunResult result = first.execute();
    wanted = first.below(result, cosine);
    taken = first.widenable(wanted);
    in_int8 = *result.quantised;
  }
  run = as_found(std::move(run), in_int8);
  run.int16.insert(run.int16.end(), taken.begin(), taken.end());
  RunResult result = Runner(run, machine, policy, true).execute();
  Quantised& quantised = *result.quantised;
  keep_findings(in_int8, quantised);
  for (const std::string& name : wanted)
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) quantised.kept_int8.push_back(name);
  return result;
}

// A search in int8, and how long int8 takes; then with what it found in int16, by the method that int8 chose.
RunResult execute_with_search(RunSpec run, const MachineParams& machine, const Policy& policy) {
  Int16Search search;
  RunResult in_int8;
  {
    Runner first(run, machine, policy, true);
    search = first.search(run.int16_until, in_int8);
  }
  run.int16_until = -1;
  search.int8_cycles = Runner(run, machine, policy, false).execute().cycles;
  run = as_found(std::move(run), *in_int8.quantised);
  run.int16.insert(run.int16.end(), search.names.begin(), search.names.end());
  RunResult result = Runner(run, machine, policy, true).execute();
  keep_findings(*in_int8.quantised, *result.quantised);
  result.quantised->search = std::move(search);
  return result;
}

}  // namespace

RunResult execute_run(const RunSpec& run, const MachineParams& machine, const Policy& policy, bool function,
                      const Ways& known) {
  if (run.network.shapes_only && function) {
    spdlog::warn("the model's weights have no data: timing only");
    function = false;
  }
  const auto start = std::chrono::steady_clock::now();
  if (run.int16_below > -1 && run.int16_until > -1)
    throw InputError("int16_below and int16_until are two ways to find nodes: give one of them");
  if (run.int16_until > -1 && !function)
    throw InputError(
        "int16_until needs values: run with function first, then name under int16 what it found");
  if (run.int16_below > -1 && !function)
    throw InputError(
        "int16_below needs values: run with function first, then name under int16 what it found");
  RunResult result = run.int16_until > -1   ? execute_with_search(run, machine, policy)
                     : run.int16_below > -1 ? execute_in_two_passes(run, machine, policy)
                                            : Runner(run, machine, policy, function, known).execute();
  result.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

CheckResult check_run(const RunSpec& run, const Policy& policy) {
  CheckResult result;
  const Network network = prepared(run.network, policy);
  const std::vector<Step> steps = place(run, network, policy);
  for (const Step& step : steps) {
    const char* on = step.on_cpu() ? "CPU" : step.on_bpu() ? "BPU" : "-";
    result.nodes.push_back(
        {step.name, step.op, step.shape, on, step.placement.reason, step.placement.source});
  }
  result.advice = static_advice({network, steps});
  return result;
}

}  // namespace bpusim
