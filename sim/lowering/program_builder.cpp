#include "sim/lowering/program_builder.h"

#include <algorithm>

#include "models/commands/footprint.h"

namespace bpusim {

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
  const std::int64_t first = box.first(), last = box.last();
  for (auto at = groups.by_base.lower_bound(first - groups.most);
       at != groups.by_base.end() && at->first < last; ++at) {
    const DramUses& group = at->second;
    if (group.first >= last || first >= group.last) continue;
    for (const auto& use : group.uses)
      if (use.first < last && first < use.last && use.box.overlaps(box)) waits.push_back(use.command);
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
    DramGroups& groups = write ? dram_writes_ : dram_reads_;
    DramUses& group = groups.by_base[access.box->base];
    group.first = std::min(group.first, access.begin);
    group.last = std::max(group.last, access.end);
    groups.most = std::max(groups.most, group.last - access.box->base);
    group.uses.push_back({*access.box, access.begin, access.end, command});
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

int ProgramBuilder::append(const Program& other, std::int64_t sram_offset, int node) {
  const int first = static_cast<int>(program_.commands.size());
  program_.plans.append(other.plans);
  for (Command command : other.commands) {
    relocate(command, sram_offset);
    use_appended_plans(command, program_.plans, other.plans);
    command.node = node;
    command.dependencies.clear();
    add(std::move(command));
  }
  reserve_sram(sram_offset + other.sram_bytes);
  return first;
}

int ProgramBuilder::add(Command command) {
  const int index = static_cast<int>(program_.commands.size());
  program_.commands.push_back(std::move(command));
  Command& added = program_.commands.back();
  const Footprint f = footprint(added, program_);
  waits_.clear();
  for (const Access& access : f.reads) collect(access, false, waits_);
  for (const Access& access : f.writes) collect(access, true, waits_);
  std::sort(waits_.begin(), waits_.end());
  waits_.erase(std::unique(waits_.begin(), waits_.end()), waits_.end());
  for (const int w : waits_)
    if (!implied(added, w)) added.dependencies.push_back(w);
  for (const Access& access : f.reads) record(access, false, index);
  for (const Access& access : f.writes) record(access, true, index);
  return index;
}

}  // namespace bpusim
