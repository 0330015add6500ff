#include "sim/plan/placed_network.h"

#include <functional>
#include <utility>

#include "sim/network/node_names.h"
#include "sim/network/patterns.h"
#include "sim/plan/common_grids.h"
#include "sim/plan/computed_affine.h"
#include "sim/plan/declared_outputs.h"
#include "sim/plan/dynamic_products.h"
#include "sim/plan/element_types.h"
#include "sim/plan/expansion.h"
#include "sim/plan/facts.h"
#include "sim/plan/float_outputs.h"
#include "sim/plan/float_tensors.h"
#include "sim/plan/given_grids.h"
#include "sim/plan/given_weights.h"
#include "sim/plan/idle.h"
#include "sim/plan/names_given.h"
#include "sim/plan/pads.h"
#include "sim/plan/placement.h"
#include "sim/plan/reshapes.h"
#include "sim/plan/simplify.h"
#include "sim/plan/sums.h"
#include "sim/plan/transposes.h"
#include "sim/plan/written_out.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

// Whether the policy has a row for the operator that runs it whole on the BPU, whatever its limits.
bool is_native(const std::string& op, const Policy& policy) {
  const PolicyRow* row = policy.row_of(op);
  if (row != nullptr) return row->on == PolicyRow::On::Bpu;
  return policy.otherwise() && policy.otherwise()->where == Where::Bpu;
}

// What a model that was quantised elsewhere means: real numbers, and the grids that they are given.
Network real_numbers(const Network& network) {
  Network known = folded(network);
  note_declared_outputs(network, known);
  return with_common_grids(with_given_grids(folded(with_dynamic_products(std::move(known)))));
}

// Without what does nothing, or what another operator does on the way.
Network prepared(Network network) {
  return pads_in_windows(without_idle_nodes(shared_transposes(std::move(network))));
}

}  // namespace

Network simplified(const Network& network, const Policy& policy, const Requests& requests) {
  // What the file holds is what is placed: rules put together what the policy runs whole on the BPU, and all
  // else goes node by node.
  const auto native = [&policy](const std::string& op) { return is_native(op, policy); };
  const auto requested = [&](const Node& node) { return requests.count(node.name) != 0; };
  const Network recognised = recognise(prepared(real_numbers(network)), native, requested);
  const auto norm_on_bpu = [&](const Node& node) {
    const Where where = policy.place(facts_of(node, recognised)).where;
    return where == Where::Bpu || where == Where::Decomposed;
  };
  const auto in_primitives = [&](const Node& node) {
    const PolicyRow* row = policy.row_of(node.op);
    return row != nullptr && row->on == PolicyRow::On::Decomposed && !requested(node);
  };
  const Network parted = written_out(with_computed_affine(recognised, norm_on_bpu), in_primitives);
  return with_weights_of_codes(functions_before_reshapes(folded(expanded(parted, native))));
}

PlacedNetwork place_network(const RunSpec& run, const Policy& policy) {
  PlacedNetwork placed;
  const Requests requests = requests_of(run);
  placed.network = simplified(run.network, policy, requests);
  placed.steps = place(run, placed.network, policy, requests);
  refuse_unknown_names(run, placed);
  refuse_unplaced(placed.steps, policy.name());  // what follows may rely on their operators' definitions
  dequantise_outputs(placed.network, placed.steps, run.float32, policy);
  std::set<std::string> floats = keep_floats(placed.network, placed.steps);
  placed.sharing = plan_sharing(placed.network, placed.steps, std::move(floats));
  const std::vector<std::string> kept = with_nodes_named(run.int8, placed.network);
  widen(placed, run.int16, kept);
  keep_sums(placed, run.int32, kept);
  return placed;
}

}  // namespace bpusim
