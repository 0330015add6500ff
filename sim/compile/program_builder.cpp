#include "sim/compile/program_builder.h"

#include <algorithm>

namespace bpusim {

namespace {

template <class Plan>
int append(std::vector<Plan>& plans, Plan plan) {
  plans.push_back(std::move(plan));
  return static_cast<int>(plans.size()) - 1;
}

}  // namespace

int ProgramBuilder::add_plan(NormPlan plan) {
  return append(program_.norm_plans, std::move(plan));
}
int ProgramBuilder::add_plan(DecomposedPlan plan) {
  return append(program_.decomposed_plans, std::move(plan));
}
int ProgramBuilder::add_plan(ConvPlan plan) {
  return append(program_.conv_plans, std::move(plan));
}
int ProgramBuilder::add_plan(ElementwisePlan plan) {
  return append(program_.elementwise_plans, std::move(plan));
}
int ProgramBuilder::add_plan(LookupPlan plan) {
  return append(program_.lookup_plans, plan);
}
int ProgramBuilder::add_plan(SoftmaxPlan plan) {
  return append(program_.softmax_plans, plan);
}
int ProgramBuilder::add_plan(PoolPlan plan) {
  return append(program_.pool_plans, std::move(plan));
}

void ProgramBuilder::reserve_sram(std::int64_t bytes) {
  program_.sram_bytes = std::max(program_.sram_bytes, bytes);
}

void ProgramBuilder::split(Memory& memory, std::int64_t at) {
  auto after = memory.upper_bound(at);
  if (after == memory.begin()) return;
  auto stretch = std::prev(after);
  if (stretch->first == at || stretch->second.end <= at) return;
  Stretch tail = stretch->second;
  stretch->second.end = at;
  memory.emplace(at, std::move(tail));
}

void ProgramBuilder::collect(const DramGroups& groups, const DramBox& box, std::vector<int>& waits) {
  for (const auto& [base, group] : groups) {
    if (group.first >= box.last() || box.first() >= group.last) continue;
    for (const auto& use : group.uses)
      if (use.box.overlaps(box)) waits.push_back(use.command);
  }
}

void ProgramBuilder::collect(const Access& access, bool write, std::vector<int>& waits) {
  if (access.space == 0) {
    collect(dram_writes_, *access.box, waits);
    if (write) collect(dram_reads_, *access.box, waits);
    return;
  }
  Memory& memory = srams_[access.space];
  split(memory, access.begin);
  split(memory, access.end);
  for (auto s = memory.lower_bound(access.begin); s != memory.end() && s->first < access.end; ++s) {
    if (s->second.writer >= 0) waits.push_back(s->second.writer);
    if (write) waits.insert(waits.end(), s->second.readers.begin(), s->second.readers.end());
  }
}

void ProgramBuilder::record(const Access& access, bool write, int command) {
  if (access.space == 0) {
    DramUses& group = (write ? dram_writes_ : dram_reads_)[access.box->base];
    group.first = std::min(group.first, access.begin);
    group.last = std::max(group.last, access.end);
    group.uses.push_back({*access.box, command});
    return;
  }
  Memory& memory = srams_[access.space];
  if (write) {
    memory.erase(memory.lower_bound(access.begin), memory.lower_bound(access.end));
    memory.emplace(access.begin, Stretch{access.end, command, {}});
    return;
  }
  // Reads of stretches that nobody wrote are kept too: a later write must wait for them.
  std::int64_t at = access.begin;
  for (auto s = memory.lower_bound(access.begin); s != memory.end() && s->first < access.end; ++s) {
    if (s->first > at) memory.emplace(at, Stretch{s->first, -1, {command}});
    s->second.readers.push_back(command);
    at = s->second.end;
  }
  if (at < access.end) memory.emplace(at, Stretch{access.end, -1, {command}});
}

// An engine that runs one command at a time keeps its own order; a DMA channel has several under way.
bool ProgramBuilder::implied(const Command& command, int dependency) const {
  const Command& other = program_.commands[static_cast<std::size_t>(dependency)];
  return command.unit == other.unit && command.unit != Unit::Load && command.unit != Unit::Store &&
         (command.core == other.core || command.unit == Unit::Host);
}

int ProgramBuilder::add(Command command) {
  const int index = static_cast<int>(program_.commands.size());
  program_.commands.push_back(std::move(command));
  Command& added = program_.commands.back();
  const Footprint f = footprint(added, program_);
  std::vector<int> waits;
  for (const Access& access : f.reads) collect(access, false, waits);
  for (const Access& access : f.writes) collect(access, true, waits);
  std::sort(waits.begin(), waits.end());
  waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
  for (const int w : waits)
    if (!implied(added, w)) added.dependencies.push_back(w);
  for (const Access& access : f.reads) record(access, false, index);
  for (const Access& access : f.writes) record(access, true, index);
  return index;
}

}  // namespace bpusim
