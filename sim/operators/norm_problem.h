// The norm that a node stands for.
#pragma once

#include "kernels/norms/norm.h"
#include "sim/operators/operation.h"

namespace bpusim {

/// From the node's attributes, its data's shape and its constants. Throws std::invalid_argument where they do
/// not fit, or where a parameter is not constant.
NormProblem norm_problem(const Operation& operation);

}  // namespace bpusim
