// How a run was quantised: samples, methods, int16 nodes, and which nodes suffer.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/result/result.h"

namespace bpusim {

/// Empty for a run without function.
std::string text_quantisation(const RunResult& result);

/// Null for a run without function.
nlohmann::ordered_json json_quantisation(const RunResult& result);

}  // namespace bpusim
