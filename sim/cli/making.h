// Who asks, and when.
#pragma once

#include "sim/result/identity.h"

namespace bpusim {

/// Keeps the command line and the time. Called once, at the program's start.
void note_command_line(int argc, char** argv);

/// What results of this program say under `host`.
const Making& making();

}  // namespace bpusim
