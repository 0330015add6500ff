// Functions of one element, by table.
#pragma once

#include "kernels/vector/unary.h"
#include "sim/operators/operation.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// Whether the node is a function of one element: a row of kernels/vector/unary.h, a Relu, or a sum,
/// difference, product, quotient, minimum or maximum with a constant number.
bool is_function(const Operation& operation);

/// The node's function with its attributes and constants bound; a constant without data counts as 1. Throws
/// std::invalid_argument.
RealFunction function_of(const Operation& operation);

/// The function on the vector unit, from the step's tensor `input` to its output.
LoweredStep lower_lookup(StepLowering& s, const std::string& input, const RealFunction& function);

}  // namespace bpusim
