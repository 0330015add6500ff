// Which nodes suffer most from int8, and what can be done about each.
#pragma once

#include <vector>

#include "kernels/quantise/calibration.h"
#include "sim/result/result.h"

namespace bpusim {

/// Sorts worst first: by what nodes lose alone where that was measured, else by their cosine.
void worst_first(std::vector<Sensitivity>& nodes);

/// What to do about a node whose output takes these values. `affine` and `type` are of the grid that it has.
std::vector<Int8Remedy> quantisation_advice(const Sensitivity& node, const ValueStatistics& values,
                                            bool affine);

}  // namespace bpusim
