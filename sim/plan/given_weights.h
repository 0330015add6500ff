// Weights that a model holds as codes: their scales on the way through folding, to the operators that they
// are the weights of.
#pragma once

#include "sim/network/network.h"
#include "sim/operators/operator.h"

namespace bpusim {

/// Makes the result of a DequantizeLinear of constants a constant with its codes' scales (Value::codes), and
/// its grid where there is one scale. What is stored in the model's file stays there. False for all other
/// operations; nothing changes then.
bool fold_dequantised(const Operation& operation, Network& network);

/// The same codes for a constant that an operator made of one by moving its elements; says in Network::notes
/// that weights lose their codes by other operators.
void hand_codes_on(const Operation& operation, const OperatorDefinition& row, Network& network);

/// Leaves codes only where a BPU has them as weights: int8, with one scale or one an output channel. What is
/// quantised anew is said in Network::notes, with the largest error.
Network with_weights_of_codes(Network network);

}  // namespace bpusim
