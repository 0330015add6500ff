// Where a value's grid has to end so that the nodes that read it lose least.
#pragma once

#include "sim/quantise/calibration.h"
#include "sim/scenario/samples.h"

namespace bpusim {

/// For the method "readers": evaluates the network in float64 on the samples once more. Each value is put
/// onto grids that end at 2^(-k/4) of the largest magnitude of its grid class, k = 0 to 12, one after the
/// other; what each grid loses is the sum over the nodes that read the value of |y' - y|^2 / |y|^2, with y
/// the node's outputs and y' those with the value on the grid and all else as it is. Nodes that keep the grid
/// are seen through; an output of the network loses by itself as well. The end with the least loss in all of
/// a grid class goes into `observation`, and what each value loses there. Needs the ranges of all samples
/// there.
void observe_readers(const RunSpec& run, const PlacedNetwork& placed, const Samples& samples,
                     Observation& observation, const Listener& listener = {});

}  // namespace bpusim
