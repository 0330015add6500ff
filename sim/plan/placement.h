// Which operator runs where, what is fused into what, and why: decided before anything is lowered.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/config/policy.h"
#include "sim/operators/step.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// Where a run wants nodes, by name.
using Requests = std::map<std::string, Request>;

/// What the run's `on` comes to: names of nodes (nodes_named()), and of operators for all of theirs.
Requests requests_of(const RunSpec& run);

/// A line for each name of the run's `on` that is neither's, with a suggestion.
std::vector<std::string> unknown_places(const RunSpec& run);

/// `network` has its shapes (simplify.h): they decide about limits.
std::vector<Step> place(const RunSpec& run, const Network& network, const Policy& policy,
                        const Requests& requests);

/// Throws PlacementError if there are any.
void refuse_unplaced(const std::vector<Step>& steps, const std::string& policy);

}  // namespace bpusim
