// Words for people in place of names for scripts.
#pragma once

#include <string>

#include "sim/report/report.h"

namespace bpusim {

/// Of an engine's cycles: "work", "idle", or what it waits for: "DRAM", "engine" (another one), "CPU", …
const char* in_words(Cause cause);
/// "DRAM", "load", "CPU", …; "-" for Nothing.
const char* in_words(Bound bound);
/// An operator's type in a table: of one narrower than 160 columns "Normalization" is "Norm".
std::string type_in_table(std::string op, const TextStyle& style);
/// An engine's kind (EngineUse::unit): "load", "MAC", "CPU", …
std::string unit_in_words(const std::string& unit);

}  // namespace bpusim
