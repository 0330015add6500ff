// Steps that the DMA does by strides.
#pragma once

#include <string>

#include "kernels/tensor/view.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// A lowering that leaves the same bytes by other means; none where `lower` is empty.
struct OtherWay {
  std::string mapping;
  StepLowering::Lower lower;
};

LoweredStep lower_view_step(const StepLowering& s, const View& view, const OtherWay& other = {});

}  // namespace bpusim
