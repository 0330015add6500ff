// What a step can't do without, whoever runs it and however: what rooflines are made of.
#pragma once

#include <cstdint>

namespace bpusim {

struct Work {
  std::int64_t read_bytes = 0, write_bytes = 0;            ///< of DRAM, each tensor once
  std::int64_t sram_read_bytes = 0, sram_write_bytes = 0;  ///< of tensors that lie on chip, which are copied
  std::int64_t macs = 0;
  std::int64_t reduced_elements = 0;  ///< element passes of the reduction unit
  std::int64_t vector_elements = 0;
  std::int64_t table_elements = 0;  ///< by table-driven functions
  std::int64_t host_cycles = 0;     ///< BPU cycles that the host charges
};

}  // namespace bpusim
