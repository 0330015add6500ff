// Softmax and its logarithm where a side is int16: the steps of softmax.h with more bits, so that a code is
// as seldom off the ideal one as one of int8. Codes of either type come and go widened to int16.
#pragma once

#include <cstdint>

#include "kernels/vector/softmax.h"

namespace bpusim {

/// Fills plan.wide.
void plan_softmax_int16(SoftmaxPlan& plan);

/// ln(sum / 2^42) in 48 fraction bits, of a sum of at least 2^42: 256 segments, and t - t^2/2 + t^3/3 of how
/// far into the segment it lies. The error is below 2^-33.
std::int64_t log_of_wide_sum(Int128 sum);

/// An exponential of a distance d is a product of two table values, exp(-scale * 256 (d / 256)) and
/// exp(-scale (d % 256)), each of 42 fraction bits, rounded to 42 bits. The rest is softmax_int8's. `y` may
/// be `x`.
void softmax_int16(const SoftmaxPlan& plan, const std::int16_t* x, std::int64_t rows,
                   const SoftmaxRowShape& shape, std::int16_t* y);

}  // namespace bpusim
