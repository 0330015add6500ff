// Norms whose scale and bias are computed: the norm without them, then a product and a sum.
#pragma once

#include <functional>

#include "sim/network/network.h"

namespace bpusim {

/// Norms that `on_bpu` and whose scale, bias, mean or variance is a tensor become what a BPU can do: the norm
/// with scales of 1 and biases of 0, which keeps the name, then Mul (NAME/scale) and Add (NAME/bias) with the
/// tensors, one an output channel or a normalised element. A BatchNormalization whose mean or variance is
/// computed becomes (x - mean) * (scale / sqrt(variance + epsilon)) + bias; the Add keeps its name. In
/// training mode it stays whole. `network` has its shapes (simplify.h).
Network with_computed_affine(const Network& network, const std::function<bool(const Node&)>& on_bpu);

}  // namespace bpusim
