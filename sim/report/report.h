// A run's result for people (text) and for scripts (JSON).
#pragma once

#include <string>
#include <vector>

#include "sim/run/run.h"

namespace bpusim {

std::string text_report(const RunResult& result);

/// Keys as in docs/report.md; two spaces of indentation.
std::string json_report(const RunResult& result);

std::string text_placement(const CheckResult& result);
std::string json_placement(const CheckResult& result);

}  // namespace bpusim
