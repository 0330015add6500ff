// Operators as chains of simpler ones. The last node of a chain keeps the operator's name and output; those
// before it are NAME/1, NAME/2, … with outputs of the same names.
#pragma once

#include <functional>
#include <string>

#include "sim/network/network.h"

namespace bpusim {

/// Sum, Mean, Min and Max of more than two operands become chains of two: OP(OP(a, b), c). Means before the
/// last do not divide. Operators of one operand become Identity.
///
/// An LRN of images where `on_bpu("LRN")` becomes what a BPU can do: x * (bias + W x^2)^-beta, with W, the
/// sums over neighbouring channels, as a convolution of 1x1 whose weights are alpha / size on a band along
/// the diagonal. `network` has its shapes (simplify.h).
Network expanded(const Network& network, const std::function<bool(const std::string& op)>& on_bpu);

}  // namespace bpusim
