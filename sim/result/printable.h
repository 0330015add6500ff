// Names as files have them, made fit for terminals and reports.
#pragma once

#include <string>

#include "sim/result/result.h"

namespace bpusim {

/// The text on one line, as UTF-8 that moves no cursor and turns no direction: control characters become
/// "\n",
/// "\t" or "\x1B", other characters that are not shown "\u202E", bytes that are no UTF-8 "\xFF".
std::string printable(const std::string& text);

/// The same for bytes that are no UTF-8 alone: what JSON can't hold.
std::string valid_utf8(const std::string& text);

/// A result whose every text is printable, but for what advice is about: sim/report words that.
RunResult printable(RunResult result);
CheckResult printable(CheckResult result);

}  // namespace bpusim
