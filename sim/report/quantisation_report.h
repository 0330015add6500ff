// How a run was quantised: samples, methods, int16 nodes, and which nodes suffer.
#pragma once

#include <string>

#include "sim/report/document.h"
#include "sim/report/report.h"
#include "sim/result/result.h"

namespace bpusim {

/// Empty for a run without function.
std::string text_quantisation(const RunResult& result, const TextStyle& style);

/// The key "quantisation"; null for a run without function.
Part quantisation_part(const RunResult& result);

}  // namespace bpusim
