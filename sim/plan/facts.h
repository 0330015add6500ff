// What a support policy is told about a node: the facts of sim/config/facts.cpp, from its operation.
#pragma once

#include <string>

#include "sim/config/limits.h"
#include "sim/operators/operation.h"

namespace bpusim {

/// What lies around a node in its network.
struct Surroundings {
  std::string folds_into;   ///< operator whose step it would be part of; empty where it stands alone
  std::string behind;       ///< operator that makes its first input; empty for inputs of the network
  std::string only_reader;  ///< operator of the one node that reads its output; empty where there are others
  bool residual_behind = false;  ///< that is an Add of two tensors
  bool is_output = false;        ///< its output leaves the network
};

/// `network` has its shapes. Facts that do not follow from it (a factor that is computed) are left out; of a
/// node that reads values of unknown shape, all but its name.
OperatorFacts facts_of(const Node& node, const Network& network, const Surroundings& around = {});

/// Those of what goes over its input in windows: kernel, strides, dilations, pads, channels of groups.
void add_window_facts(const Operation& operation, const Shape& output, OperatorFacts& facts);

}  // namespace bpusim
