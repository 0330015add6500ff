// Poolings, and reductions that are some.
#pragma once

#include "kernels/vector/pool.h"
#include "sim/lowering/pool.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

LoweredStep lower_pool_step(const StepLowering& s, const PoolProblem& problem);

}  // namespace bpusim
