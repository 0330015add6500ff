// Operators of any number of operands as chains of the same operator with two.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// Sum, Mean, Min and Max of more than two operands become chains: OP(OP(a, b), c). The last node keeps name
/// and output; those before it are NAME/1, NAME/2, … with outputs of the same names. Means before the last do
/// not divide. Operators of one operand become Identity.
Network chained(const Network& network);

}  // namespace bpusim
