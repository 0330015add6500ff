// What a step is worth, from shapes alone: before anything is lowered.
#pragma once

#include <cstdint>

#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// Multiply-accumulates of the step's convolutions and products, as many as the network asks for. 0 where a
/// shape is not known.
std::int64_t macs_of(const Step& step, const Network& network);

/// Elements of the constants of numbers that the step reads: weights, biases, affine entries.
std::int64_t parameters_of(const Step& step, const Network& network);

}  // namespace bpusim
