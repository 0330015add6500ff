// Steps that the DMA does by strides.
#pragma once

#include "kernels/view.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

LoweredStep lower_view_step(const StepLowering& s, const View& view);

}  // namespace bpusim
