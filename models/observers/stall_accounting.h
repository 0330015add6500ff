// Gives each cycle of each engine a cause, so that the causes add up to the run: an Observer.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "models/observers/observer.h"

namespace bpusim {

/// What an engine's cycle went to.
enum class Cause {
  Work,        ///< what the engine charges for its commands
  Dram,        ///< waiting for DRAM: inside a transfer, or for a command that needs one
  SramBank,    ///< slowed by others on the same banks
  Dependency,  ///< waiting for another engine of the BPU
  Host,        ///< waiting for the host CPU
  Dispatch,    ///< from ready to started
  QueueEmpty,  ///< nothing left to do, or nothing yet
};
constexpr int kCauses = 7;
const char* to_string(Cause cause);

/// Cycles by cause; they add up to the cycles that were watched.
using CauseCycles = std::array<std::int64_t, kCauses>;

class StallAccounting : public Observer {
 public:
  explicit StallAccounting(std::vector<EngineInfo> engines);

  void program_started(const Program& program, std::int64_t cycle) override;
  void command_retired(const Program& program, int command, const CommandTimes& times) override;
  void program_finished(const Program& program, std::int64_t cycle) override;

  const std::vector<EngineInfo>& engines() const { return engines_; }
  /// Of the engine, since construction.
  const CauseCycles& cycles(int engine) const { return totals_[static_cast<std::size_t>(engine)]; }
  /// Of the commands of a program's node, over the engines that ran them.
  CauseCycles node_cycles(int node) const;
  std::int64_t commands(int engine) const { return commands_[static_cast<std::size_t>(engine)]; }

 private:
  struct Progress {
    std::int64_t free = 0;       // accounted up to here
    std::int64_t last_data = 0;  // the engine's last transfer is complete
  };

  void add(int engine, Cause cause, std::int64_t cycles);
  void add(int engine, int node, Cause cause, std::int64_t cycles);

  std::vector<EngineInfo> engines_;
  std::vector<CauseCycles> totals_;
  std::map<int, CauseCycles> by_node_;
  std::vector<std::int64_t> commands_;
  std::vector<Progress> progress_;
};

}  // namespace bpusim
