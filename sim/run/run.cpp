#include "sim/run/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "models/machine.h"
#include "sim/network/patterns.h"
#include "sim/operators/operator.h"
#include "sim/run/calibration.h"
#include "sim/run/capture.h"
#include "sim/run/chains.h"
#include "sim/run/network_compiler.h"
#include "sim/run/node_facts.h"
#include "sim/run/placement.h"
#include "sim/run/progress.h"
#include "sim/run/roofline.h"
#include "sim/run/sharing.h"
#include "sim/run/simplify.h"
#include "sim/run/timed_advice.h"
#include "sim/run/timeline.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

// Rules put together what the policy can place; IBN only where the BPU runs it whole, since apart its
// BatchNormalization half may run there.
std::function<bool(const std::string&)> wanted_by(const Policy& policy) {
  return [&policy](const std::string& op) {
    OperatorFacts facts;
    facts.op = op;
    facts.shape = {1, 2, 2, 2};
    const Where where = policy.place(facts).where;
    return op == "InstanceBatchNormalization" ? where == Where::Bpu : where != Where::Unsupported;
  };
}

// Constants folded, operators put together that exporters wrote out, and those of many operands taken apart.
Network prepared(const Network& network, const Policy& policy) {
  return inferred(chained(recognise(folded(network), wanted_by(policy))));
}

// Steps that all have a place. What follows may rely on their operators' definitions.
std::vector<Step> placed(const RunSpec& run, const Network& network, const Policy& policy) {
  std::vector<Step> steps = place(run, network, policy);
  refuse_unplaced(steps, policy.name());
  return steps;
}

class Runner {
 public:
  Runner(const RunSpec& run, const MachineParams& params, const Policy& policy, bool function)
      : run_(run),
        params_(params),
        policy_(policy),
        function_(function),
        network_(prepared(run.network, policy)),
        steps_(placed(run_, network_, policy)),
        sharing_(plan_sharing(network_, steps_)),
        machine_(params, function),
        stalls_(machine_.engines()),
        timeline_(steps_.size()),
        progress_("run", steps_.size()) {
    machine_.add_observer(stalls_);
    machine_.add_observer(timeline_);
    machine_.add_observer(progress_);
  }

  RunResult execute();

 private:
  void run_programs(const CompiledNetwork& compiled, RunResult& result);
  void report_steps(const CompiledNetwork& compiled, RunResult& result);
  NodeResult row_of(std::size_t s, const LoweredStep& lowered, std::int64_t since) const;
  void report_engines(RunResult& result) const;
  void advise(const TimedAdviceInput& timed, RunResult& result) const;
  Accuracy measure(const LoweredStep& lowered, const Capture& capture) const;
  double statistics_error(const LoweredStep& lowered);

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
  std::map<std::string, TensorPlace> places_;
  std::map<std::size_t, Accuracy> accuracy_;
  std::map<std::size_t, double> statistics_errors_;
};

Accuracy Runner::measure(const LoweredStep& lowered, const Capture& capture) const {
  std::vector<Codes> inputs;
  for (const std::string& input : lowered.inputs) inputs.push_back(capture.codes(input));
  std::vector<double> golden;
  Codes codes;
  for (const std::string& output : lowered.outputs) {
    const auto values = golden_.get(output);
    golden.insert(golden.end(), values.begin(), values.end());
    const Codes part = capture.codes(output);
    codes.insert(codes.end(), part.begin(), part.end());
  }
  return compare(golden, codes, lowered.ideal(inputs), places_.at(lowered.outputs.front()).grid);
}

double Runner::statistics_error(const LoweredStep& lowered) {
  double worst = 0;
  for (const auto& [name, address] : lowered.float_outputs) {
    const auto golden = golden_.get(name);
    std::vector<float> got(golden.size());
    machine_.dram().read(address, got.data(), static_cast<std::int64_t>(got.size() * sizeof(float)));
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < golden.size(); ++i) {
      largest = std::max(largest, std::abs(golden[i]));
      error = std::max(error, std::abs(static_cast<double>(got[i]) - golden[i]));
    }
    if (largest > 0) worst = std::max(worst, error / largest);
  }
  return worst;
}

void Runner::run_programs(const CompiledNetwork& compiled, RunResult& result) {
  std::unique_ptr<Capture> capture;
  if (function_) {
    capture =
        std::make_unique<Capture>(machine_, network_, steps_, sharing_, compiled, [&](std::size_t step) {
          const LoweredStep& lowered = compiled.steps[step];
          if (!lowered.ideal) return;
          accuracy_[step] = measure(lowered, *capture);
          statistics_errors_[step] = statistics_error(lowered);
        });
    machine_.add_observer(*capture);
    for (const auto& [name, part] : sharing_.parts)
      if (network_.values.at(name).data) capture->take(name);
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
  if (row.cycles > 0)
    row.bandwidth_gbps =
        static_cast<double>(row.dram_read_bytes + row.dram_write_bytes) / (row.time_ms * 1e6);
  const Roofline roof = roofline(lowered.work, params_);
  row.bound = step.on_cpu() ? "host" : times.ran ? roof.bound : "-";
  if (row.cycles > 0) row.roofline_fraction = roof.cycles / static_cast<double>(row.cycles);
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

RunResult Runner::execute() {
  RunResult result;
  result.name = run_.name;
  result.machine = params_.name;
  result.policy = policy_.name();
  result.clock_mhz = params_.bpu.clock_mhz;
  result.function = function_;
  const Calibration calibration = function_ ? calibrate(run_, network_, steps_, sharing_, golden_)
                                            : nominal_calibration(run_, network_, sharing_);
  const CompilerInput input{run_,   network_, steps_, sharing_, calibration, function_ ? &golden_ : nullptr,
                            params_};
  NetworkCompiler compiler(input, machine_.dram());
  const CompiledNetwork compiled = compiler.compile();
  places_ = compiled.places;
  run_programs(compiled, result);
  report_steps(compiled, result);
  report_engines(result);
  advise({input, compiled, compiler, result}, result);
  return result;
}

}  // namespace

RunResult execute_run(const RunSpec& run, const MachineParams& machine, const Policy& policy, bool function) {
  if (run.network.shapes_only && function) {
    spdlog::warn("the model's weights have no data: timing only");
    function = false;
  }
  const auto start = std::chrono::steady_clock::now();
  RunResult result = Runner(run, machine, policy, function).execute();
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
