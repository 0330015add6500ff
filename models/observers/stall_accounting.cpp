#include "models/observers/stall_accounting.h"

#include <algorithm>
#include <stdexcept>

namespace bpusim {

const char* to_string(Cause cause) {
  switch (cause) {
    case Cause::Work:
      return "work";
    case Cause::Dram:
      return "dram";
    case Cause::SramBank:
      return "sram_bank";
    case Cause::Dependency:
      return "dependency";
    case Cause::Host:
      return "host";
    case Cause::Dispatch:
      return "dispatch";
    case Cause::QueueEmpty:
      return "queue_empty";
  }
  throw std::logic_error("to_string: unknown Cause");
}

StallAccounting::StallAccounting(std::vector<EngineInfo> engines)
    : engines_(std::move(engines)),
      totals_(engines_.size(), CauseCycles{}),
      commands_(engines_.size(), 0),
      progress_(engines_.size()) {}

void StallAccounting::add(int engine, Cause cause, std::int64_t cycles) {
  totals_[static_cast<std::size_t>(engine)][static_cast<std::size_t>(cause)] += cycles;
}

void StallAccounting::add(int engine, int node, Cause cause, std::int64_t cycles) {
  add(engine, cause, cycles);
  by_node_[node][static_cast<std::size_t>(cause)] += cycles;
}

CauseCycles StallAccounting::node_cycles(int node) const {
  const auto found = by_node_.find(node);
  return found == by_node_.end() ? CauseCycles{} : found->second;
}

void StallAccounting::program_started(const Program&, std::int64_t cycle) {
  for (Progress& progress : progress_) progress = {cycle, cycle};
}

namespace {

// A copy on chip takes no DRAM.
bool needs_dram(const Command& command) {
  const auto* transfer = std::get_if<Transfer>(&command.body);
  return transfer != nullptr && !transfer->on_chip();
}

// Why a command that waits for `awaited` waits.
Cause cause_of_wait(const Command& awaited) {
  if (needs_dram(awaited)) return Cause::Dram;
  return awaited.unit == Unit::Host ? Cause::Host : Cause::Dependency;
}

}  // namespace

void StallAccounting::command_retired(const Program& program, int command, const CommandTimes& times) {
  const auto engine = static_cast<std::size_t>(times.engine);
  Progress& progress = progress_[engine];
  const int node = program.commands[static_cast<std::size_t>(command)].node;
  ++commands_[engine];
  const std::int64_t ready = std::clamp(times.ready, progress.free, times.start);
  if (times.last_dependency >= 0) {
    const Command& awaited = program.commands[static_cast<std::size_t>(times.last_dependency)];
    add(times.engine, node, cause_of_wait(awaited), ready - progress.free);
  } else {
    add(times.engine, node, Cause::QueueEmpty, ready - progress.free);
  }
  add(times.engine, node, Cause::Dispatch, times.start - ready);
  const std::int64_t taken = times.freed - times.start;
  const std::int64_t work = std::min(times.work, taken);
  add(times.engine, node, Cause::Work, work);
  add(times.engine, node,
      needs_dram(program.commands[static_cast<std::size_t>(command)]) ? Cause::Dram : Cause::SramBank,
      taken - work);
  progress.free = times.freed;
  progress.last_data = std::max(progress.last_data, times.finish);
}

void StallAccounting::program_finished(const Program&, std::int64_t cycle) {
  for (std::size_t e = 0; e < engines_.size(); ++e) {
    Progress& progress = progress_[e];
    const std::int64_t drained = std::clamp(progress.last_data, progress.free, cycle);
    add(static_cast<int>(e), Cause::Dram, drained - progress.free);
    add(static_cast<int>(e), Cause::QueueEmpty, cycle - drained);
    progress.free = cycle;
  }
}

}  // namespace bpusim
