// Operators on the CPU: what they do, and what they cost there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/commands/behaviour.h"
#include "models/commands/dram_box.h"
#include "models/memory/dram_port.h"

namespace bpusim {

/// What the host CPU has to do for a task.
struct HostDemand {
  double compute_ops = 0;             ///< float32 operations
  std::int64_t memory_bytes = 0;      ///< read and written by the operator itself
  std::int64_t convert_elements = 0;  ///< quantised or dequantised at the crossings
  std::int64_t layout_elements = 0;   ///< moved between layouts at the crossings
  std::int64_t characters = 0;
  std::int64_t crossings = 0;  ///< changes between BPU and CPU
};

/// BPU cycles of a task on the CPU: overheads, conversions, and the longer of arithmetic and memory.
std::int64_t host_cycles(const MachineParams& machine, const HostDemand& demand);

/// An operator on the CPU. `work` is plain arithmetic on the bytes of `reads` and `writes`.
struct HostTask {
  std::string what;
  HostDemand demand;
  std::vector<DramBox> reads, writes;
  std::function<void(DramPort&)> work;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

}  // namespace bpusim
