// How close a result is: to the float64 golden, and to the ideal integer result.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/quantise/quantise.h"
#include "sim/result/result.h"

namespace bpusim {

/// `codes` and `ideal` are on `grid`; all three have the same length.
Accuracy compare(const std::vector<double>& golden, const std::vector<std::int64_t>& codes,
                 const std::vector<std::int64_t>& ideal, const Quantisation& grid);

}  // namespace bpusim
