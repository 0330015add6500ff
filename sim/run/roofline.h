// The least time that a step can take on a machine: no run beats it.
#pragma once

#include <cstdint>
#include <string>

#include "models/machine_params.h"

namespace bpusim {

/// What a step can't do without.
struct Work {
  std::int64_t read_bytes = 0, write_bytes = 0;  ///< each tensor once
  std::int64_t macs = 0;
  std::int64_t reduced_elements = 0;  ///< element passes of the reduction unit
  std::int64_t vector_elements = 0;
  std::int64_t table_elements = 0;  ///< by table-driven functions
  std::int64_t host_cycles = 0;     ///< BPU cycles that the host charges
};

struct Roofline {
  double cycles = 0;
  std::string bound;  ///< "dram", "dma_load", "dma_store", "mac", "reduction", "vector" or "host"
};

/// The longest of: bytes over the pins, less the refreshes that fall into that time where all ranks refresh
/// at once; bytes over the DMA channels; work over the engines of all cores, without latencies.
Roofline roofline(const Work& work, const MachineParams& machine);

}  // namespace bpusim
