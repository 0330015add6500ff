// The bytes that a command reads and writes.
#pragma once

#include <cstdint>
#include <vector>

namespace bpusim {

struct DramBox;

/// A range that a command reads or writes.
struct Access {
  int space = 0;  ///< 0 is the DRAM, 1 + c the SRAM of core c
  std::int64_t begin = 0, end = 0;
  const DramBox* box = nullptr;  ///< in DRAM: the box whose hull the range is

  bool overlaps(const Access& other) const;
};

/// `bytes` from an address of a core's SRAM on.
Access sram_access(int core, std::int64_t address, std::int64_t bytes);

/// In DRAM, or in the core's SRAM whose window the box lies in. Points to `box`.
Access bus_access(const DramBox& box);

/// Everything a command reads and writes. Points into the command.
struct Footprint {
  std::vector<Access> reads, writes;
};

}  // namespace bpusim
