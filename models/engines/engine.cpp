#include "models/engines/engine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "models/commands/cost.h"
#include "models/commands/footprint.h"

namespace bpusim {

namespace {

// SystemC counts in femtoseconds here: fine enough that a clock that divides badly is off by less than 1e-6.
sc_core::sc_time clock_period(double mhz) {
  return {std::round(1e9 / mhz), sc_core::SC_FS};
}

}  // namespace

MachineState::MachineState(const MachineParams& machine)
    : params(machine), period(clock_period(machine.bpu.clock_mhz)) {}

std::int64_t MachineState::now() const {
  return static_cast<std::int64_t>(sc_core::sc_time_stamp().value() / period.value());
}

void MachineState::retire(int command, const CommandTimes& times) {
  for (Observer* observer : observers) observer->command_retired(*program, command, times);
  for (const int ready : dispatcher.retire(command, now()))
    engines[static_cast<std::size_t>(engine_of[static_cast<std::size_t>(ready)])]->poke();
}

void MachineState::streams_changed(int core) {
  const auto c = static_cast<std::size_t>(core);
  for (const int stream : arbiters[c].take_changed()) {
    const auto found = streams[c].find(stream);
    if (found != streams[c].end()) found->second->stream_changed();
  }
}

Engine::Engine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info)
    : sc_module(name), state_(state), index_(index), info_(std::move(info)) {
  SC_HAS_PROCESS(Engine);
  SC_METHOD(guarded_step);
  dont_initialize();
  sensitive << wake_;
}

void Engine::load(std::vector<int> queue) {
  queue_ = std::move(queue);
  head_ = 0;
  free_at_ = state_.now();
  poke();
}

void Engine::poke() {
  if (idle() && head_ready()) wake_at(head_start());
}

std::int64_t Engine::head_start() const {
  return std::max(free_at_, state_.dispatcher.ready_at(head()) + state_.params.bpu.dispatch_cycles);
}

CommandTimes Engine::begin() {
  const int command = head();
  state_.dispatcher.start(command);
  ++head_;
  CommandTimes times;
  times.engine = index_;
  times.last_dependency = state_.dispatcher.last_dependency(command);
  times.ready = state_.dispatcher.ready_at(command);
  times.start = state_.now();
  return times;
}

void Engine::wake_at(std::int64_t cycle) {
  wake_.cancel();  // an event holds one notification, and keeps the earlier of two
  std::uint64_t target = 0;
  if (cycle < 0 ||
      __builtin_mul_overflow(static_cast<std::uint64_t>(cycle), state_.period.value(), &target) ||
      target > static_cast<std::uint64_t>(INT64_MAX))
    throw std::invalid_argument(state_.program->name + ": the run would take more than the " +
                                std::to_string(kLongestSeconds) +
                                " s of machine time that are simulated (2^63 femtoseconds)");
  wake_.notify(sc_core::sc_time::from_value(target - sc_core::sc_time_stamp().value()));
}

void Engine::guarded_step() {
  if (state_.failure) return;
  try {
    step();
  } catch (...) {
    state_.failure = std::current_exception();
  }
}

ComputeEngine::ComputeEngine(const sc_core::sc_module_name& name, MachineState& state, int index,
                             EngineInfo info, Memories& memories)
    : Engine(name, state, index, std::move(info)), memories_(memories) {}

void ComputeEngine::step() {
  const auto core = static_cast<std::size_t>(info().core);
  if (running_ >= 0) {
    if (state_.arbiters[core].completion(stream_) > state_.now()) return stream_changed();
    finish();
  }
  if (!head_ready()) return;
  if (head_start() > state_.now()) return wake_at(head_start());
  start();
}

void ComputeEngine::start() {
  const int index = head();
  times_ = begin();
  running_ = index;
  times_.work = price(state_.params, *state_.program, command(index)).cycles;
  std::vector<BankDemand> demand;
  const Footprint f = footprint(command(index), *state_.program);
  for (const auto* accesses : {&f.reads, &f.writes})
    for (const Access& access : *accesses)
      if (access.space == 1 + info().core)
        add_bank_demand(state_.params.sram, access.begin, access.end - access.begin, demand);
  const auto core = static_cast<std::size_t>(info().core);
  stream_ = state_.arbiters[core].start(times_.start, times_.work, demand);
  state_.streams[core][stream_] = this;
  state_.streams_changed(info().core);
}

void ComputeEngine::stream_changed() {
  wake_at(std::max(state_.now(), state_.arbiters[static_cast<std::size_t>(info().core)].completion(stream_)));
}

void ComputeEngine::finish() {
  const int index = running_;
  running_ = -1;
  const auto core = static_cast<std::size_t>(info().core);
  state_.arbiters[core].finish(state_.now(), stream_);
  state_.streams[core].erase(stream_);
  state_.streams_changed(info().core);
  const std::int64_t overflows = memories_.overflows;
  if (state_.function) execute(command(index), *state_.program, memories_);
  times_.overflows = memories_.overflows - overflows;
  free_at_ = times_.freed = times_.finish = state_.now();
  state_.retire(index, times_);
}

HostEngine::HostEngine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info,
                       Memories& memories)
    : Engine(name, state, index, std::move(info)), memories_(memories) {}

void HostEngine::step() {
  if (running_ >= 0) {
    if (state_.now() < times_.finish) return wake_at(times_.finish);
    const int index = running_;
    running_ = -1;
    if (state_.function) execute(command(index), *state_.program, memories_);
    free_at_ = state_.now();
    state_.retire(index, times_);
  }
  if (!head_ready()) return;
  if (head_start() > state_.now()) return wake_at(head_start());
  const int index = head();
  times_ = begin();
  times_.work = price(state_.params, *state_.program, command(index)).cycles;
  times_.freed = times_.finish = times_.start + times_.work;
  running_ = index;
  wake_at(times_.finish);
}

DmaEngine::DmaEngine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info,
                     MemoryPort& port)
    : Engine(name, state, index, std::move(info)),
      port_(port),
      scratch_(static_cast<std::size_t>(state.params.dma.request_bytes)) {}

void DmaEngine::step() {
  land();
  if (issuing_ >= 0 && state_.now() >= issue_at_) issue();
  if (issuing_ < 0 && head_ready() && state_.now() >= head_start()) start();
  schedule();
}

void DmaEngine::schedule() {
  std::int64_t next = INT64_MAX;
  if (!landings_.empty()) next = landings_.front().cycle;
  if (issuing_ >= 0) {
    next = std::min(next, issue_at_);
  } else if (head_ready()) {
    next = std::min(next, head_start());
  }
  if (next != INT64_MAX) wake_at(std::max(next, state_.now()));
}

void DmaEngine::start() {
  const int index = head();
  times_ = begin();
  issuing_ = index;
  const auto& transfer = std::get<Transfer>(command(index).body);
  const std::int64_t bytes = transfer.dram.bytes();
  runs_.reset(transfer.dram);
  moved_ = read_of_halves_ = 0;
  sram_ = transfer.sram;
  on_chip_ = transfer.on_chip();
  price_ = transfer.channel_price(state_.params);
  halves_.assign(static_cast<std::size_t>(transfer.doubling && state_.function ? bytes : 0), 0);
  times_.work = price_.setup_cycles + price_.port_cycles(bytes);
  issue_at_ = times_.start + price_.setup_cycles;
  data_until_ = issue_at_;
  // While it issues, the channel takes its banks' ports.
  std::vector<BankDemand> demand;
  add_bank_demand(state_.params.sram, transfer.sram, transfer.sram_bytes(), demand);
  background_ = state_.arbiters[static_cast<std::size_t>(info().core)].start_background(
      times_.start, price_.issue_cycles(bytes), demand);
  state_.streams_changed(info().core);
}

// The next pieces of the transfer, of at most `most` bytes: whole ones, or what fits of one.
DramRuns DmaEngine::take(std::int64_t most) {
  DramRuns pieces{runs_.address() + moved_, runs_.bytes()};
  if (moved_ > 0 || runs_.bytes() > most) {
    pieces.bytes = std::min(runs_.bytes() - moved_, most);
    moved_ += pieces.bytes;
    if (moved_ < runs_.bytes()) return pieces;
    moved_ = 0;
    runs_.skip(1);
    return pieces;
  }
  pieces.stride = runs_.stride();
  pieces.count = std::min(runs_.in_row(), most / pieces.bytes);
  pieces.row_stride = runs_.row_stride();
  if (pieces.count == runs_.in_row() && runs_.even_rows() > 0)
    pieces.rows = std::min(runs_.even_rows(), most / pieces.total_bytes());
  runs_.skip(pieces.count * pieces.rows);
  return pieces;
}

// Where the next bytes of the transfer go to or come from, on the engine's side: in SRAM, or first to where
// they wait to be doubled.
std::uint8_t* DmaEngine::next_bytes(const DramRuns& pieces) {
  if (halves_.empty()) return state_.srams[static_cast<std::size_t>(info().core)].data() + sram_;
  std::uint8_t* const bytes = halves_.data() + read_of_halves_;
  read_of_halves_ += pieces.total_bytes();
  return bytes;
}

// Within SRAM a channel moves a port's width a cycle, and no more than one piece; or the pieces that lie
// within one width, since a port writes and reads single bytes of it.
std::int64_t DmaEngine::copy_within(const DramRuns& pieces) {
  if (state_.function) {
    std::uint8_t* here = next_bytes(pieces);
    std::uint8_t* const there = state_.srams[static_cast<std::size_t>(core_of(pieces.address))].data() +
                                offset_in_window(pieces.address);
    const bool load = info().unit == Unit::Load;
    pieces.for_each([&](std::int64_t at) {
      std::uint8_t* other = there + (at - pieces.address);
      std::memmove(load ? here : other, load ? other : here, static_cast<std::size_t>(pieces.bytes));
      here += pieces.bytes;
    });
  }
  const std::int64_t one_by_one = pieces.count * price_.port_cycles(pieces.bytes),
                     span = (pieces.count - 1) * pieces.stride + pieces.bytes;
  const std::int64_t by_width = price_.port_cycles(std::max(span, pieces.count * pieces.bytes));
  return pieces.rows * std::min(one_by_one, by_width);
}

std::int64_t DmaEngine::request(const DramRuns& pieces) {
  void* data = state_.function ? next_bytes(pieces) : scratch_.data();
  const sc_core::sc_time delay = port_.access(info().unit == Unit::Store, data, pieces);
  return state_.now() +
         static_cast<std::int64_t>((delay.value() + state_.period.value() - 1) / state_.period.value());
}

// One group: contiguous pieces worth at most a request, sent back to back.
void DmaEngine::issue() {
  const std::int64_t limit = state_.params.dma.request_bytes;
  std::int64_t group = 0, port = 0, done = state_.now();
  while (!runs_.done() && group < limit) {
    const DramRuns pieces = take(limit - group);
    if (on_chip_) {
      port += copy_within(pieces);
    } else {
      done = std::max(done, request(pieces));
    }
    group += pieces.total_bytes();
    sram_ += pieces.total_bytes();
  }
  if (!on_chip_) port = price_.port_cycles(group);
  const std::int64_t passed = state_.now() + port;
  done = std::max(done, passed);
  data_until_ = std::max(data_until_, done);
  outstanding_.push_back(done);
  issue_at_ = passed;
  if (static_cast<std::int64_t>(outstanding_.size()) >= state_.params.dma.outstanding) {
    issue_at_ = std::max(issue_at_, outstanding_.front());
    outstanding_.pop_front();
  }
  if (!runs_.done()) return;
  if (!halves_.empty()) {
    const auto& transfer = std::get<Transfer>(command(issuing_).body);
    transfer.doubling->spread(halves_.data(),
                              state_.srams[static_cast<std::size_t>(info().core)].data() + transfer.sram);
  }
  free_at_ = times_.freed = issue_at_;
  times_.finish = std::max(data_until_, free_at_);
  // A later transfer never completes before an earlier one of the same channel.
  if (!landings_.empty()) times_.finish = std::max(times_.finish, landings_.back().cycle);
  landings_.push_back({times_.finish, issuing_, times_});
  issuing_ = -1;
  state_.arbiters[static_cast<std::size_t>(info().core)].finish(state_.now(), background_);
  state_.streams_changed(info().core);
}

void DmaEngine::land() {
  while (!landings_.empty() && landings_.front().cycle <= state_.now()) {
    const Landing landing = landings_.front();
    landings_.pop_front();
    state_.retire(landing.command, landing.times);
  }
}

}  // namespace bpusim
