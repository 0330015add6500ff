// What an engine's cycles go to.
#pragma once

#include <array>
#include <cstdint>

namespace bpusim {

enum class Cause {
  Work,        ///< what the engine charges for its commands
  Dram,        ///< waiting for DRAM: inside a transfer, or for a command that needs one
  SramBank,    ///< slowed by others on the same banks, or by a copy on chip of small pieces
  Dependency,  ///< waiting for another engine of the BPU
  Host,        ///< waiting for the host CPU
  Dispatch,    ///< from ready to started
  QueueEmpty,  ///< nothing left to do, or nothing yet
};
constexpr int kCauses = 7;
const char* to_string(Cause cause);

/// Cycles by cause; they add up to the cycles that were watched.
using CauseCycles = std::array<std::int64_t, kCauses>;

}  // namespace bpusim
