// Advice as a list: what wins most first.
#pragma once

#include <string>
#include <vector>

#include "sim/report/report.h"

namespace bpusim {

/// With its heading; empty without advice. What was timed and wins nothing is left out. `now_ms` as for
/// text_of (advice_text.h).
std::string advice_list(const std::vector<Advice>& advice, double now_ms, const TextStyle& style);

}  // namespace bpusim
