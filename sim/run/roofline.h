// The least time that a step can take on a machine: no run beats it.
#pragma once

#include "models/machine_params.h"
#include "sim/operators/work.h"
#include "sim/result/result.h"

namespace bpusim {

struct Roofline {
  double cycles = 0;
  Bound bound = Bound::Nothing;
};

/// The longest of: bytes over the pins, less the refreshes that fall into that time where all ranks refresh
/// at once; bytes over the DMA channels; copies on chip over the channels' ports; work over the engines of
/// all cores, without latencies.
Roofline roofline(const Work& work, const MachineParams& machine);

}  // namespace bpusim
