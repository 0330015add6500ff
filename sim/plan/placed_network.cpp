#include "sim/plan/placed_network.h"

#include <functional>
#include <utility>

#include "kernels/norms/norm.h"
#include "sim/network/patterns.h"
#include "sim/plan/computed_affine.h"
#include "sim/plan/element_types.h"
#include "sim/plan/expansion.h"
#include "sim/plan/idle.h"
#include "sim/plan/pads.h"
#include "sim/plan/placement.h"
#include "sim/plan/reshapes.h"
#include "sim/plan/simplify.h"
#include "sim/plan/transposes.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

Where place_of(const std::string& op, const Shape& shape, const Policy& policy) {
  OperatorFacts facts;
  facts.op = op;
  facts.shape = shape;
  return policy.place(facts).where;
}

// Without what does nothing, or what another operator does on the way.
Network prepared(Network network) {
  return pads_in_windows(without_idle_nodes(shared_transposes(std::move(network))));
}

}  // namespace

Network simplified(const Network& network, const Policy& policy) {
  // Rules put together what the policy can place; a composite norm (IBN) only where the BPU runs it whole,
  // since apart one of its norms may run there.
  const auto wanted = [&policy](const std::string& op) {
    const Where where = place_of(op, {1, 2, 2, 2}, policy);
    const NormDefinition* norm = find_norm(op);
    return norm != nullptr && norm->composite ? where == Where::Bpu : where != Where::Unsupported;
  };
  const auto on_bpu = [&policy](const std::string& op) { return place_of(op, {}, policy) == Where::Bpu; };
  const Network recognised = recognise(prepared(folded(network)), wanted);
  const auto norm_on_bpu = [&](const Node& node) {
    const Where where = place_of(node.op, recognised.shape_of(node.inputs[0]), policy);
    return where == Where::Bpu || where == Where::Decomposed;
  };
  return functions_before_reshapes(folded(expanded(with_computed_affine(recognised, norm_on_bpu), on_bpu)));
}

PlacedNetwork place_network(const RunSpec& run, const Policy& policy) {
  PlacedNetwork placed;
  placed.network = simplified(run.network, policy);
  placed.steps = place(run, placed.network, policy);
  refuse_unplaced(placed.steps, policy.name());  // what follows may rely on their operators' definitions
  placed.sharing = plan_sharing(placed.network, placed.steps);
  widen(placed, run.int16);
  return placed;
}

}  // namespace bpusim
