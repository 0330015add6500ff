// Copies of values on another grid, which plans add: each is a node and a step of its own.
#pragma once

#include <string>
#include <vector>

#include "sim/network/free_names.h"
#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// `copy` holds what `value` holds, as `op` makes it (kQuantise, kRequantise or kDequantise).
struct ValueCopy {
  std::string value, copy, op;
  Placement placement;
};

/// Adds `copy.copy` to the network's values, and gives its name to the input `value` of these nodes.
void read_copy(const ValueCopy& copy, Network& network, const std::vector<std::size_t>& readers);

/// Adds the steps that make the copies, each behind the step that makes its value, those of the network's
/// inputs before all others and outputs that the CPU dequantises behind all others; nodes stay in
/// topological order.
void insert_copies(const std::vector<ValueCopy>& copies, Network& network, std::vector<Step>& steps,
                   FreeNames& names);

/// The value of the model that `value` is a copy of, or a copy of a copy, or the codes of, where the output
/// itself is a copy; itself where it is none.
std::string original_of(const Network& network, std::string value);

}  // namespace bpusim
