// Which operator runs where, what is fused into what, and why: decided before anything is lowered.
#pragma once

#include <string>
#include <vector>

#include "sim/config/policy.h"
#include "sim/operators/step.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// `network` has its shapes (simplify.h): they decide about limits.
std::vector<Step> place(const RunSpec& run, const Network& network, const Policy& policy);

/// Throws PlacementError if there are any.
void refuse_unplaced(const std::vector<Step>& steps, const std::string& policy);

}  // namespace bpusim
