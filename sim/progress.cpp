#include "sim/progress.h"

namespace bpusim {

namespace {

ProgressSink& current_sink() {
  static ProgressSink sink;
  return sink;
}

}  // namespace

void set_progress_sink(ProgressSink sink) {
  current_sink() = std::move(sink);
}

void report_progress(const char* stage, std::size_t done, std::size_t all) {
  if (current_sink()) current_sink()(stage, done, all);
}

void RunProgress::command_retired(const Program& program, int command, const CommandTimes&) {
  const int node = program.commands[static_cast<std::size_t>(command)].node;
  if (node <= furthest_) return;
  furthest_ = node;
  report_progress(stage_, static_cast<std::size_t>(node), nodes_);
}

}  // namespace bpusim
