// The references that a norm is measured against: float64 of real values, and the ideal integer result.
#pragma once

#include <vector>

#include "kernels/norms/norm.h"
#include "kernels/quantise/quantise.h"

namespace bpusim {

/// All outputs that a norm operator can have.
struct GoldenNorm {
  std::vector<double> y;                  ///< row-major, the input's shape
  std::vector<double> mean;               ///< a set, in order of sets and parts
  std::vector<double> inverse_deviation;  ///< a set; 1 / sqrt(variance + epsilon)
  std::vector<double> running_mean;       ///< BatchNormalization in training mode: a channel
  std::vector<double> running_variance;
};

/// Two passes in float64: mean first, then deviations from it.
GoldenNorm golden_norm(const NormProblem& problem, const std::vector<double>& x);

/// The infinitely precise result of the same input codes, rounded once (ties to even) onto the output grid.
/// Sums are exact integers, the rest is 80-bit: an error below 2^-60 of the result.
std::vector<std::int64_t> ideal_norm(const NormProblem& problem, const std::vector<std::int64_t>& codes,
                                     const Quantisation& in, const Quantisation& out);

}  // namespace bpusim
