#include "models/commands/footprint.h"

#include "models/commands/dram_box.h"

namespace bpusim {

bool Access::overlaps(const Access& other) const {
  if (space != other.space || begin >= other.end || other.begin >= end) return false;
  return box == nullptr || other.box == nullptr || box->overlaps(*other.box);
}

Access sram_access(int core, std::int64_t address, std::int64_t bytes) {
  return {1 + core, address, address + bytes, nullptr};
}

Access bus_access(const DramBox& box) {
  if (box.in_window())
    return {1 + core_of(box.first()), offset_in_window(box.first()), offset_in_window(box.last() - 1) + 1,
            nullptr};
  return {0, box.first(), box.last(), &box};
}

}  // namespace bpusim
