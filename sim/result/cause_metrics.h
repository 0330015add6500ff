// Metrics of cycles by cause, a metric a cause.
#pragma once

#include <string>
#include <vector>

#include "models/observers/cause.h"
#include "sim/result/metrics.h"

namespace bpusim {

/// "GROUP.work", "GROUP.dram" and so on, of the cycles that `cycles_of` gives. Without `with_work` only what
/// is lost.
template <class Of, class CyclesOf>
std::vector<Metric<Of>> cause_metrics(const std::string& group, const std::string& meaning, bool with_work,
                                      CyclesOf cycles_of) {
  std::vector<Metric<Of>> metrics;
  for (std::size_t c = 0; c < kCauses; ++c) {
    const auto cause = static_cast<Cause>(c);
    if (cause == Cause::Work && !with_work) continue;
    metrics.push_back(Metric<Of>(group + "." + to_string(cause), "cycles", meaning,
                                 [cycles_of, c](const Of& of) -> std::int64_t { return cycles_of(of)[c]; }));
  }
  return metrics;
}

}  // namespace bpusim
