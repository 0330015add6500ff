// What the machine tells whoever watches: one record a retired command. Statistics, traces and progress are
// observers; the engines know nothing about them.
#pragma once

#include <cstdint>
#include <string>

#include "models/commands/command.h"

namespace bpusim {

/// One engine of a machine. Its index in Machine::engines() is its identity.
struct EngineInfo {
  std::string name;  ///< "core0.vector", "core1.load0", "host"
  Unit unit = Unit::Load;
  int core = 0;
  int channel = 0;
};

/// When a command did what, in BPU cycles since the machine was built.
struct CommandTimes {
  int engine = 0;
  int last_dependency = -1;    ///< the command that it waited for longest; -1 where it waited for none
  std::int64_t ready = 0;      ///< last dependency met
  std::int64_t start = 0;      ///< engine taken
  std::int64_t work = 0;       ///< cycles that the engine needs when nothing holds it up
  std::int64_t freed = 0;      ///< engine free for its next command; a DMA channel's last data is under way
  std::int64_t finish = 0;     ///< results in place
  std::int64_t overflows = 0;  ///< accumulators that wrapped
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void program_started(const Program& /*program*/, std::int64_t /*cycle*/) {}
  virtual void command_retired(const Program& /*program*/, int /*command*/, const CommandTimes& /*times*/) {}
  virtual void program_finished(const Program& /*program*/, std::int64_t /*cycle*/) {}
};

}  // namespace bpusim
