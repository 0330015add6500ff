#include "models/commands/host_task.h"

#include <algorithm>

#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/machine_params.h"

namespace bpusim {

std::int64_t host_cycles(const MachineParams& machine, const HostDemand& demand) {
  const HostParams& host = machine.host;
  const double ops_per_ns = static_cast<double>(host.cores) * host.simd_ops_per_cycle * host.clock_mhz / 1000;
  const double task_ns = host.task_overhead_us * 1000;
  const double crossing_ns = static_cast<double>(demand.crossings) * host.crossing_overhead_us * 1000;
  const double convert_ns =
      static_cast<double>(demand.convert_elements) * host.convert_ops_per_element / ops_per_ns;
  const double layout_ns =
      static_cast<double>(demand.layout_elements) * host.layout_ops_per_element / ops_per_ns;
  const double text_ns = static_cast<double>(demand.characters) * host.string_ns_per_char;
  const double compute_ns = demand.compute_ops / ops_per_ns;
  const double memory_ns = static_cast<double>(demand.memory_bytes) / host.bandwidth_gbps;
  const double ns =
      task_ns + crossing_ns + convert_ns + layout_ns + text_ns + std::max(compute_ns, memory_ns);
  return bpu_cycles_of(ns, machine.bpu);
}

const char* HostTask::name(const Site&) const {
  return what.c_str();
}

void HostTask::relocate(std::int64_t) {}  // all in DRAM and windows

Footprint HostTask::footprint(const Site&, const Plans&) const {
  Footprint f;
  for (const DramBox& box : reads) f.reads.push_back(bus_access(box));
  for (const DramBox& box : writes) f.writes.push_back(bus_access(box));
  return f;
}

Cost HostTask::price(const MachineParams& machine, const Site&, const Plans&) const {
  Cost cost;
  cost.add("host", host_cycles(machine, demand));
  return cost;
}

void HostTask::execute(const Site&, const Plans&, Memories& memories) const {
  work(memories.dram);
}

}  // namespace bpusim
