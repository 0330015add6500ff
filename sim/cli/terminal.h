// What depends on who reads: colours on a terminal, progress of long work on stderr.
#pragma once

#include <cstddef>
#include <string>

#include "sim/listener.h"

namespace bpusim {

/// stdout is a terminal, and NO_COLOR (no-color.org) is not set.
bool colours_wanted();

/// Says on stderr what was taken where no word, or one that is spelled in another way, says it: once, and not
/// with --quiet or a log level above warn.
void say_note(const std::string& text);

/// Columns of what stdout goes to: $COLUMNS where it is a number, else those of the terminal, else (a file, a
/// pipe) kReportWidth. At least 40.
std::size_t text_width();

/// While it lives, its listener shows how far the whole of long work has got on stderr: on one line that it
/// keeps rewriting where that is a terminal, as log messages with --log info, and not at all otherwise, or
/// with --quiet. Messages go to the log.
class ProgressDisplay {
 public:
  ProgressDisplay();
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  const Listener& listener() const { return listener_; }

 private:
  Listener listener_;
  bool line_ = false;
};

}  // namespace bpusim
