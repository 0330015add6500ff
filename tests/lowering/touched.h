// What programs reach of the SRAM, whatever they asked for.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/commands/footprint.h"

namespace bpusim {

/// Where the SRAM that a program touches ends: behind what it asked for lies what others keep there.
inline std::int64_t touched(const Program& program) {
  std::int64_t end = 0;
  for (const Command& command : program.commands) {
    const Footprint f = footprint(command, program);
    for (const auto* accesses : {&f.reads, &f.writes})
      for (const Access& access : *accesses)
        if (access.space != 0) end = std::max(end, access.end);
  }
  return end;
}

}  // namespace bpusim
