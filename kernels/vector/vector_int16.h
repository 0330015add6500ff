// What the vector unit does to codes where at least one side is int16: element-wise operators, functions of
// one element, poolings and Softmax. Codes of either type come and go widened to int16; the plan's grids say
// what range results are clamped to.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/vector/elementwise.h"
#include "kernels/vector/pool.h"
#include "kernels/vector/softmax.h"
#include "kernels/vector/unary.h"

namespace bpusim {

/// The formula of elementwise_int8 with 96-bit products. `y` may be `a`.
void elementwise_int16(const ElementwisePlan& plan, const std::int16_t* a, const std::int16_t* b,
                       std::int64_t count, std::int16_t* y, const Broadcast& broadcast = {});

/// Segments of a function's table over an int16 input: 512 of 128 codes each.
constexpr int kSegmentBits = 7;
constexpr int kSegments = 512;
/// Fraction bits of the values at the segments' ends, in steps of the output grid.
constexpr int kSegmentFraction = 8;

/// Whether a table of straight segments can stand for the operator's function: not where it jumps (Round,
/// Sign, comparisons, ...), since a jump would become a slope of 128 codes.
bool interpolates(const std::string& op);

/// Fills plan.wide. Of an int8 input: 256 exact codes, rounded once. Of an int16 input: the function at the
/// 513 ends of the segments, in 1/256 steps of the output grid, clamped to 2^22 steps.
void plan_lookup_int16(const RealFunction& function, LookupPlan& plan);

/// Of an int16 input: y = (t[k] (128 - r) + t[k + 1] r) / 2^15, rounded once, ties to even, with k the upper
/// 9 bits of the code above the lowest and r the lower 7. `y` may be `x`.
void lookup_int16(const LookupPlan& plan, const std::int16_t* x, std::int64_t count, std::int16_t* y);

void pool_tile_int16(const ConvTile& tile, const PoolPlan& plan, const std::int16_t* input,
                     std::int16_t* output);
std::vector<std::int64_t> ideal_pool_int16(const PoolPlan& plan, const std::vector<std::int64_t>& codes);

/// An exponential of a distance d is a product of two table values, exp(-scale * 256 (d / 256)) and
/// exp(-scale (d % 256)), each of 30 fraction bits, rounded to 30 bits. The rest is softmax_int8's. `y` may
/// be `x`.
void softmax_int16(const SoftmaxPlan& plan, const std::int16_t* x, std::int64_t rows,
                   const SoftmaxRowShape& shape, std::int16_t* y);

}  // namespace bpusim
