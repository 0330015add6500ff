// Norms as exporters write them for a toolchain that reads no operator of them: in primitives, each of which
// then goes by its own row of the policy.
#pragma once

#include <functional>

#include "sim/network/network.h"

namespace bpusim {

/// LayerNormalization, RMSNormalization, SimplifiedLayerNormalization and InstanceNormalization as chains of
/// means, GroupNormalization as Reshape, InstanceNormalization and Reshape (PyTorch's exports up to opset
/// 16), where `wanted`. The last node keeps the norm's name, the others are NAME/part. A norm of computed
/// parameters or of further outputs stays whole. `network` has its shapes (simplify.h).
Network written_out(const Network& network, const std::function<bool(const Node&)>& wanted);

}  // namespace bpusim
