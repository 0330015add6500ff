#include "sim/run/execution.h"

#include <algorithm>
#include <memory>
#include <set>

#include "sim/operators/operator.h"
#include "sim/operators/tensor_codes.h"
#include "sim/run/capture.h"
#include "sim/run/measurement.h"

namespace bpusim {

namespace {

// Tells the listener the furthest step of which a command has retired.
class StepProgress : public Observer {
 public:
  StepProgress(const Listener& listener, std::size_t steps) : listener_(listener), steps_(steps) {}

  void command_retired(const Program& program, int command, const CommandTimes&) override {
    const int step = program.commands[static_cast<std::size_t>(command)].node;
    if (step <= furthest_) return;
    furthest_ = step;
    listener_.report("run", static_cast<std::size_t>(step), steps_);
  }

 private:
  const Listener& listener_;
  const std::size_t steps_;
  int furthest_ = -1;
};

// Observers of a machine for as long as this lives.
class Watching {
 public:
  explicit Watching(Machine& machine) : machine_(machine) {}
  ~Watching() {
    for (Observer* observer : added_) machine_.remove_observer(*observer);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  void add(Observer& observer) {
    machine_.add_observer(observer);
    added_.push_back(&observer);
  }

 private:
  Machine& machine_;
  std::vector<Observer*> added_;
};

// What the node makes of the codes that it has read, as the host computes it: of running statistics that only
// leave the network, which are no tensors of the machine.
std::vector<Tensor> made_by_host(const ExecutionInput& in, const Capture& capture, const Node& node) {
  const Network& network = in.placed.network;
  std::vector<std::shared_ptr<const Tensor>> numbers;
  Inputs inputs;
  for (const std::string& name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(&absent());
      continue;
    }
    const auto place = in.compiled.places.find(name);
    numbers.push_back(place == in.compiled.places.end()
                          ? network.values.at(name).numbers()
                          : std::make_shared<const Tensor>(network.shape_of(name),
                                                           reals_of(capture.codes(name), place->second)));
    inputs.push_back(numbers.back().get());
  }
  return evaluate(node, inputs, network);
}

// Those of the network's outputs that a step makes, but text.
void give_outputs(const ExecutionInput& in, const Capture& capture, std::size_t step) {
  if (!in.output) return;
  const Network& network = in.placed.network;
  const Node& node = in.placed.last_node(in.placed.steps[step]);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string& name = node.outputs[i];
    const auto place = in.compiled.places.find(name);
    const bool leaves =
        std::find(network.outputs.begin(), network.outputs.end(), name) != network.outputs.end();
    if (!leaves || network.values.at(name).dtype == DType::String) continue;
    if (place == in.compiled.places.end()) {
      in.output(name, made_by_host(in, capture, node).at(i));
      continue;
    }
    Tensor values;
    values.shape = network.shape_of(name);
    values.values = reals_of(capture.codes(name), place->second);
    in.output(name, values);
  }
}

// Those that no step makes: inputs of the network that leave it, and what constants alone decide.
void give_other_outputs(const ExecutionInput& in) {
  const Network& network = in.placed.network;
  std::set<std::string> made;
  for (const Step& step : in.placed.steps)
    for (const std::string& output : in.placed.last_node(step).outputs) made.insert(output);
  for (const std::string& name : network.outputs) {
    if (made.count(name) != 0) continue;
    if (const auto numbers = network.values.at(name).numbers()) in.output(name, *numbers);
  }
}

// Holds each step's results against golden as soon as they are complete.
std::unique_ptr<Capture> measuring(const ExecutionInput& in, Machine& machine, const Measurement& measured,
                                   ExecutionRecord& record) {
  auto capture = std::make_unique<Capture>(machine, in.placed, in.compiled);
  Capture& codes = *capture;
  codes.when_complete([&in, &machine, &measured, &record, &codes](std::size_t step) {
    give_outputs(in, codes, step);
    const LoweredStep& lowered = in.compiled.steps[step];
    if (!lowered.ideal) return;
    record.accuracy[step] = measured.against_golden(lowered, codes);
    if (in.alone) record.alone[step] = measured.alone(lowered);
    record.statistics_errors[step] = measured.statistics_error(lowered, machine.dram());
    if (in.alone) return;  // later steps start from these values
    for (const std::string& output : lowered.outputs) in.golden->drop(output);
  });
  for (const auto& [name, part] : in.placed.sharing.parts)
    if (in.placed.network.values.at(name).has_numbers()) codes.take(name);
  codes.begin();
  return capture;
}

void run_programs(const CompiledNetwork& compiled, Machine& machine, ExecutionRecord& record) {
  for (const Program& program : compiled.programs) {
    const std::int64_t cycles = machine.run(program).cycles();
    const bool host = program.commands.size() == 1 && program.commands[0].unit == Unit::Host;
    (host ? record.host_cycles : record.bpu_cycles) += cycles;
    record.cycles += cycles;
    record.sram_high_water_bytes = std::max(record.sram_high_water_bytes, program.sram_bytes);
  }
  record.sram_high_water_bytes += compiled.tensor_bytes;
}

}  // namespace

ExecutionRecord execute(const ExecutionInput& input, Machine& machine) {
  ExecutionRecord record(machine, input.placed.steps.size());
  StepProgress progress(input.listener, input.placed.steps.size());
  std::unique_ptr<Measurement> measured;
  std::unique_ptr<Capture> capture;
  Watching watching(machine);
  watching.add(record.stalls);
  watching.add(record.timeline);
  watching.add(progress);
  for (Observer* observer : input.observers) watching.add(*observer);
  if (input.golden != nullptr) {
    measured = std::make_unique<Measurement>(*input.golden, input.compiled.places);
    capture = measuring(input, machine, *measured, record);
    watching.add(*capture);
  }
  run_programs(input.compiled, machine, record);
  if (input.golden != nullptr && input.output) give_other_outputs(input);
  return record;
}

}  // namespace bpusim
