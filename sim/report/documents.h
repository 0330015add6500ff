// The documents that commands write: see document.h for what is made of them.
#pragma once

#include <vector>

#include "sim/report/compared_run.h"
#include "sim/report/document.h"

namespace bpusim {

Document run_document(const RunResult& result);
Document check_document(const CheckResult& result);
Document comparison_document(const std::vector<ComparedRun>& runs, const Making& making);
Document conformance_document(const std::vector<ConformanceCase>& cases, const Making& making);

}  // namespace bpusim
