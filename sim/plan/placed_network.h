// A network ready to be quantised and compiled: what runs as one step, where, and what shares bytes.
#pragma once

#include <vector>

#include "sim/operators/step.h"
#include "sim/plan/placement.h"
#include "sim/plan/sharing.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

struct PlacedNetwork {
  Network network;  ///< constants folded, operators put together and taken apart; all shapes known
  std::vector<Step> steps;
  Sharing sharing;

  const Node& first_node(const Step& step) const { return network.nodes[step.nodes.front()]; }
  const Node& last_node(const Step& step) const { return network.nodes[step.nodes.back()]; }
};

/// Constants folded, operators put together that exporters wrote out and that the policy can place, those of
/// many operands taken apart. Throws InputError that names the node whose inputs do not fit.
Network simplified(const Network& network, const Policy& policy, const Requests& requests = {});

/// Simplifies, places, and decides what shares bytes and grids, with the tensors that the run wants as int16.
/// Throws InputError, and PlacementError with every operator that has no place.
PlacedNetwork place_network(const RunSpec& run, const Policy& policy);

}  // namespace bpusim
