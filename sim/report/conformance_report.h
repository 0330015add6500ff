// Cases of ONNX's operator tests, for people and for scripts.
#pragma once

#include <string>
#include <vector>

#include "sim/report/report.h"
#include "sim/result/conformance.h"

namespace bpusim {

/// The cases of norms, and how many passed, failed and were skipped; cases of other operators are only
/// counted.
std::string text_conformance(const std::vector<ConformanceCase>& cases, const TextStyle& style = {});

/// Keys as in docs/report.md.
std::string json_conformance(const std::vector<ConformanceCase>& cases, const Making& making = {});

}  // namespace bpusim
