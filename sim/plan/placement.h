// Which operator runs where, what is fused into what, and why: decided before anything is lowered.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "sim/config/policy.h"
#include "sim/operators/step.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// `network` has its shapes (simplify.h): they decide about limits.
std::vector<Step> place(const RunSpec& run, const Network& network, const Policy& policy);

/// Operators that the policy cannot place; a line each. Ends a command with exit code 3.
class PlacementError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// Throws PlacementError if there are any.
void refuse_unplaced(const std::vector<Step>& steps, const std::string& policy);

}  // namespace bpusim
