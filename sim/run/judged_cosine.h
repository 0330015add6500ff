// How good a network's outputs are on some grids, by which calibration methods and int16 nodes are chosen.
#pragma once

#include <vector>

#include "sim/compile/network_compiler.h"

namespace bpusim {

/// Compiles the network and runs its programs untimed on each sample whose golden values are in `goldens`: of
/// all tensors for the first, of the network's inputs and outputs for the others. Returns the least cosine
/// among the outputs, its mean over the samples. Where a sample's golden output is one number, or all its
/// numbers are equal, a cosine is no more than a sign: the error counts instead, over all samples, as the
/// cosine that it would give a tensor of many elements (1 - noise / (2 signal), at least -1).
double judged_cosine(const CompilerInput& input, const std::vector<const GoldenStore*>& goldens);

}  // namespace bpusim
