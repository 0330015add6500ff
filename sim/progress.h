// How far long work has got, for whoever wants to show it. Nobody does unless a sink is set.
#pragma once

#include <cstddef>
#include <functional>

#include "models/observers/observer.h"

namespace bpusim {

/// Called with a stage ("import", "golden", "compile", "run"), how many of its nodes are done, and how many
/// there are (0 where nobody knows).
using ProgressSink = std::function<void(const char* stage, std::size_t done, std::size_t all)>;

/// For the whole process; an empty sink ends it.
void set_progress_sink(ProgressSink sink);

void report_progress(const char* stage, std::size_t done, std::size_t all);

/// Reports the furthest node of which a command has retired.
class RunProgress : public Observer {
 public:
  RunProgress(const char* stage, std::size_t nodes) : stage_(stage), nodes_(nodes) {}
  void command_retired(const Program& program, int command, const CommandTimes& times) override;

 private:
  const char* stage_;
  std::size_t nodes_;
  int furthest_ = -1;
};

}  // namespace bpusim
