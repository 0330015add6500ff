#include "sim/config/memory_budget.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "sim/input_error.h"

namespace bpusim {

std::int64_t default_memory_limit() {
  constexpr std::int64_t most = std::int64_t{1} << 30;
  const std::int64_t pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? std::min(most, pages / 4 * page) : most;
}

std::string memory_text(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(units)) {
    bytes /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.3g %s", bytes, units[unit]);
  return text;
}

MemoryBudget::MemoryBudget(std::int64_t limit) : limit_(limit > 0 ? limit : default_memory_limit()) {}

void MemoryBudget::charge(double bytes, const std::string& what) {
  used_ += bytes;
  if (used_ > static_cast<double>(limit_))
    throw InputError(what + " takes " + memory_text(bytes) + ", with what is held beside it " +
                     memory_text(used_) + ": more than the memory limit of " +
                     memory_text(static_cast<double>(limit_)) + " (--memory-limit raises it)");
}

}  // namespace bpusim
