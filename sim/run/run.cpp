#include "sim/run/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "kernels/view.h"
#include "models/machine.h"
#include "sim/input_error.h"
#include "sim/network/patterns.h"
#include "sim/run/residency.h"
#include "sim/run/roofline.h"
#include "sim/run/simplify.h"
#include "sim/run/step_lowering.h"

namespace bpusim {

namespace {

constexpr std::int64_t kTensorAlign = 4096;  // tensors start on pages, as an allocator for DMA gives them

using Where = Placement::Where;

std::map<std::string, Shape> shapes_of(const GoldenValues& golden) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, tensor] : golden.numbers) shapes[name] = tensor.shape;
  for (const auto& [name, text] : golden.text) shapes[name] = text.shape;
  return shapes;
}

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

class Runner {
 public:
  Runner(const RunSpec& run, const MachineParams& params, const Policy& policy, bool function)
      : run_(prepared(run, policy, golden_)),
        params_(params),
        operators_(without_tensor_room(params)),
        policy_(policy),
        machine_(params, function),
        rehearsal_(params, false),
        stalls_(machine_.engines()),
        function_(function) {
    machine_.add_observer(stalls_);
  }

  RunResult execute();

 private:
  void place_tensors(const std::vector<Step>& steps);
  void place_tensor(const std::string& name, const NodeOptions& options);
  NodeResult run_step(const Step& step, RunResult& result);
  void advise(const std::vector<Step>& steps, RunResult& result);
  LoweringContext context();
  Accuracy measure(const LoweredStep& lowered) const;
  double statistics_error(const LoweredStep& lowered) const;
  std::vector<std::int64_t> codes_of(const std::string& value) const;
  std::int64_t allocate(std::int64_t bytes);

  // Folds constants and puts norms together that were written out; `golden` gets all values of the result.
  static RunSpec prepared(const RunSpec& run, const Policy& policy, GoldenValues& golden) {
    golden = evaluate(run.network);
    RunSpec result = run;
    result.network = recognise(fold_constants(run.network, golden), wanted_by(policy));
    for (const auto& [name, value] : result.network.values)
      if (value.data) golden.numbers.emplace(name, *value.data);
    return result;
  }

  static MachineParams without_tensor_room(MachineParams params) {
    if (params.bpu.cores == 1) params.sram.bytes -= params.sram.tensor_bytes;
    return params;
  }

  GoldenValues golden_;
  const RunSpec run_;
  const MachineParams& params_;
  const MachineParams operators_;  ///< as the operators see it: without the SRAM that tensors are kept in
  const Policy& policy_;
  mutable Machine machine_;
  Machine rehearsal_;  // without function, for the compiler to try programs on
  StallAccounting stalls_;
  const bool function_;
  std::map<std::string, TensorPlace> places_;
  std::map<std::string, Where> made_on_;
  std::map<std::string, std::int64_t> resident_;  ///< values that stay in SRAM, with their bus addresses
  std::int64_t next_address_ = 0;
};

std::int64_t Runner::allocate(std::int64_t bytes) {
  const std::int64_t address = next_address_;
  next_address_ += (bytes + kTensorAlign - 1) / kTensorAlign * kTensorAlign;
  return address;
}

void Runner::place_tensor(const std::string& name, const NodeOptions& options) {
  const auto golden = golden_.numbers.find(name);
  if (places_.count(name) != 0 || golden == golden_.numbers.end()) return;  // placed, or text
  TensorPlace place;
  place.grid = calibrate(golden->second.values, options);
  place.elements = golden->second.size();
  const auto on_chip = resident_.find(name);
  place.address = on_chip == resident_.end() ? allocate(place.elements) : on_chip->second;
  places_[name] = place;
}

namespace {

// Whether codes pass through an operator as they are, so that its output is on its input's grid.
bool keeps_grid(const Node& node) {
  return node.op == "Split" || node.op == "MaxPool" || node.op == "GlobalMaxPool" || is_view(node.op);
}

}  // namespace

// Tensors between operators live in DRAM as int8, on grids calibrated with their golden values. Parameters
// belong to their operators. What only gets another shape keeps its place.
void Runner::place_tensors(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    const Node& first = run_.network.nodes[step.nodes.front()];
    const Node& last = run_.network.nodes[step.nodes.back()];
    const NodeOptions& options = run_.options_of(first.name);
    const auto inputs = tensor_inputs(first, run_.network);
    for (const std::string& input : inputs) {
      if (places_.count(input) != 0) continue;
      place_tensor(input, options);
      const TensorPlace& place = places_.at(input);
      const auto codes = quantise(golden_.numbers.at(input).values, place.grid);
      const std::vector<std::int8_t> bytes(codes.begin(), codes.end());
      machine_.dram().write(place.address, bytes.data(), place.elements);
    }
    const std::size_t outputs = first.op == "Split" ? last.outputs.size() : 1;
    for (std::size_t i = 0; i < outputs; ++i) {
      if (is_alias(first.op) && step.placement.where == Where::Bpu) {
        places_[last.outputs.at(i)] = places_.at(inputs.at(0));
        continue;
      }
      place_tensor(last.outputs.at(i), options);
      if (keeps_grid(first) && !inputs.empty() && step.placement.where != Where::Cpu)
        places_.at(last.outputs[i]).grid = places_.at(inputs[0]).grid;
    }
  }
}

std::vector<std::int64_t> Runner::codes_of(const std::string& value) const {
  const TensorPlace& place = places_.at(value);
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(place.elements));
  if (place.address >= kSramWindow) {
    machine_.read_sram(0, place.address - kSramWindow, bytes.data(), place.elements);
  } else {
    machine_.dram().read(place.address, bytes.data(), place.elements);
  }
  return {bytes.begin(), bytes.end()};
}

Accuracy Runner::measure(const LoweredStep& lowered) const {
  std::vector<std::vector<std::int64_t>> inputs;
  for (const std::string& input : lowered.inputs) inputs.push_back(codes_of(input));
  std::vector<double> golden;
  std::vector<std::int64_t> codes;
  for (const std::string& output : lowered.outputs) {
    const auto& values = golden_.numbers.at(output).values;
    golden.insert(golden.end(), values.begin(), values.end());
    const auto part = codes_of(output);
    codes.insert(codes.end(), part.begin(), part.end());
  }
  return compare(golden, codes, lowered.ideal(inputs), places_.at(lowered.outputs.front()).grid);
}

double Runner::statistics_error(const LoweredStep& lowered) const {
  double worst = 0;
  for (const auto& [name, address] : lowered.float_outputs) {
    const auto& golden = golden_.numbers.at(name).values;
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

NodeResult Runner::run_step(const Step& step, RunResult& result) {
  const Node& node = run_.network.nodes[step.nodes.front()];
  LoweredStep lowered = lower_step(step, context());
  for (const std::string& output : run_.network.nodes[step.nodes.back()].outputs)
    made_on_[output] = step.placement.where;
  NodeResult row;
  row.name = step.name;
  row.op = step.op;
  row.on = step.placement.where == Where::Cpu ? "CPU" : "BPU";
  row.reason = step.placement.reason;
  row.shape = step.shape;
  row.mapping = lowered.mapping;
  row.in_type = row.out_type =
      lowered.outputs.empty() ? "string" : to_string(places_.at(lowered.outputs[0]).grid.dtype);
  std::vector<CauseCycles> before;
  for (std::size_t e = 0; e < machine_.engines().size(); ++e)
    before.push_back(stalls_.cycles(static_cast<int>(e)));
  std::vector<std::int64_t> commands;
  for (std::size_t e = 0; e < machine_.engines().size(); ++e)
    commands.push_back(stalls_.commands(static_cast<int>(e)));
  for (const Program& program : lowered.programs) {
    const ProgramResult r = machine_.run(program);
    row.cycles += r.cycles();
    row.dram_read_bytes += r.dram_read_bytes;
    row.dram_write_bytes += r.dram_write_bytes;
    row.overflows += r.overflows;
    result.sram_high_water_bytes = std::max(result.sram_high_water_bytes, program.sram_bytes);
    const bool host = program.commands.size() == 1 && program.commands[0].unit == Unit::Host;
    (host ? result.host_cycles : result.bpu_cycles) += r.cycles();
  }
  for (std::size_t e = 0; e < before.size(); ++e) {
    if (stalls_.commands(static_cast<int>(e)) == commands[e]) continue;  // took no part
    for (std::size_t c = 0; c < kCauses; ++c)
      row.causes[c] += stalls_.cycles(static_cast<int>(e))[c] - before[e][c];
  }
  row.time_ms = result.time_ms(row.cycles);
  row.bandwidth_gbps = static_cast<double>(row.dram_read_bytes + row.dram_write_bytes) / (row.time_ms * 1e6);
  const Roofline roof = roofline(lowered.work, params_);
  row.bound = step.placement.where == Where::Cpu ? "host" : roof.bound;
  row.roofline_fraction = roof.cycles / static_cast<double>(row.cycles);
  if (function_ && lowered.ideal) row.accuracy = measure(lowered);
  if (function_) row.statistics_error = statistics_error(lowered);
  spdlog::info("{} {}: {} on {}, {} cycles", node.op, step.name, row.mapping, row.on, row.cycles);
  return row;
}

LoweringContext Runner::context() {
  return {run_,
          operators_,
          golden_,
          places_,
          made_on_,
          machine_.dram(),
          [this](std::int64_t bytes) { return allocate(bytes); },
          [this](const Program& program) { return rehearsal_.run(program).cycles(); }};
}

// Operators on the CPU, by kind: what they take, and what the BPU would take if it had them.
void Runner::advise(const std::vector<Step>& steps, RunResult& result) {
  struct Kind {
    int count = 0;
    std::int64_t cycles = 0, on_bpu = 0;
    std::string reason;
  };
  std::map<std::string, Kind> kinds;
  std::map<std::string, std::int64_t> taken;
  for (const NodeResult& row : result.nodes) taken[row.name] = row.cycles;
  for (Step step : steps) {
    if (step.placement.where != Where::Cpu) continue;
    Kind& kind = kinds[step.op];
    ++kind.count;
    kind.cycles += taken[step.name];
    kind.reason = step.placement.reason;
    if (!step.lowerable) {
      kind.on_bpu += taken[step.name];
      continue;
    }
    step.placement.where = Where::Bpu;
    try {
      for (const Program& program : lower_step(step, context()).programs)
        kind.on_bpu += rehearsal_.run(program).cycles();
    } catch (const InputError&) {  // no BPU of this kind could run it
      kind.on_bpu += taken[step.name];
    }
  }
  const int segments = result.nodes.empty() ? 0 : result.nodes.back().segment;
  for (const auto& [op, kind] : kinds) {
    char text[400];
    std::snprintf(text, sizeof text,
                  "%s x%d on the CPU: %.3f ms, %.1f %% of the run, which falls into %d segments; on the BPU "
                  "they would take %.3f ms",
                  op.c_str(), kind.count, result.time_ms(kind.cycles),
                  100.0 * static_cast<double>(kind.cycles) /
                      static_cast<double>(std::max<std::int64_t>(result.cycles, 1)),
                  segments, result.time_ms(kind.on_bpu));
    const double won = result.time_ms(kind.cycles - kind.on_bpu);
    result.advice.push_back({won > 0 ? text + (" (" + kind.reason + ")")
                                     : op + " x" + std::to_string(kind.count) + " on the CPU: " + kind.reason,
                             won});
  }
  std::stable_sort(result.advice.begin(), result.advice.end(),
                   [](const Advice& a, const Advice& b) { return a.won_ms > b.won_ms; });
  for (Advice& advice : static_advice(run_.network, steps, shapes_of(golden_)))
    result.advice.push_back(std::move(advice));
}

RunResult Runner::execute() {
  RunResult result;
  result.name = run_.name;
  result.machine = params_.name;
  result.policy = policy_.name();
  result.clock_mhz = params_.bpu.clock_mhz;
  result.function = function_;
  std::vector<Step> steps = place(run_, policy_, shapes_of(golden_));
  refuse_unplaced(steps, policy_.name());
  resident_ = plan_residency(run_.network, steps, shapes_of(golden_), params_);
  place_tensors(steps);
  std::string side;
  int segment = 0;
  for (const Step& step : steps) {
    const Node& node = run_.network.nodes[step.nodes.front()];
    if (is_alias(node.op) && step.placement.where == Where::Bpu) {  // the same bytes: nothing runs
      made_on_[node.outputs.at(0)] = Where::Bpu;
      continue;
    }
    NodeResult row = run_step(step, result);
    if (row.on != side) ++segment;
    side = row.on;
    row.segment = segment;
    result.cycles += row.cycles;
    result.dram_read_bytes += row.dram_read_bytes;
    result.dram_write_bytes += row.dram_write_bytes;
    result.nodes.push_back(std::move(row));
  }
  advise(steps, result);
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
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : run.network.values) shapes[name] = value.shape;
  RunSpec recognised = run;
  recognised.network = recognise(run.network, wanted_by(policy));
  const std::vector<Step> steps = place(recognised, policy, shapes);
  for (const Step& step : steps) {
    const char* on = step.placement.where == Where::Cpu           ? "CPU"
                     : step.placement.where == Where::Unsupported ? "-"
                                                                  : "BPU";
    result.nodes.push_back(
        {step.name, step.op, step.shape, on, step.placement.reason, step.placement.source});
  }
  result.advice = static_advice(recognised.network, steps, shapes);
  return result;
}

}  // namespace bpusim
