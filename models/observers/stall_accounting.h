// Gives each cycle of each engine a cause, so that the causes add up to the run: an Observer.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/observers/cause.h"
#include "models/observers/observer.h"

namespace bpusim {

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
