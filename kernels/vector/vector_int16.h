// What the vector unit does to codes where at least one side is int16: element-wise operators, functions of
// one element and poolings. Codes of either type come and go widened to int16; the plan's grids say
// what range results are clamped to.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/vector/elementwise.h"
#include "kernels/vector/pool.h"
#include "kernels/vector/unary.h"

namespace bpusim {

/// The formula of elementwise_int8 with 96-bit products. `y` may be `a`.
void elementwise_int16(const ElementwisePlan& plan, const std::int16_t* a, const std::int16_t* b,
                       std::int64_t count, std::int16_t* y, const Broadcast& broadcast = {});

/// Whether a table of straight segments can stand for the operator's function: not where it jumps (Round,
/// Sign, comparisons, ...), since a jump would become a slope of 128 codes.
bool interpolates(const std::string& op);

/// Fraction bits of a table's values between which lines are drawn, in steps of the output grid.
constexpr int kSegmentFraction = 8;

/// Bytes of the table of an int16 input in memory: 65,536 codes of 2 bytes, or with `segment_bits` (1 to 7)
/// the ends of 2^(16 - segment_bits) straight segments, of 4 bytes.
std::int64_t int16_table_bytes(int segment_bits);

/// The table in those bytes: exact codes, rounded once; or the function at the segments' ends, in 1/256 steps
/// of the output grid, clamped to 2^22 steps.
std::vector<std::uint8_t> int16_table(const RealFunction& function, const LookupPlan& plan);

/// By the table in the unit (int8 inputs, widened) or by `table`. Between the ends of a segment of w codes y
/// = (t[k] (w - r) + t[k + 1] r) / (256 w), rounded once, ties to even. `y` may be `x`.
void lookup_int16(const LookupPlan& plan, const void* table, const std::int16_t* x, std::int64_t count,
                  std::int16_t* y);

void pool_tile_int16(const ConvTile& tile, const PoolPlan& plan, const std::int16_t* input,
                     std::int16_t* output);
std::vector<std::int64_t> ideal_pool_int16(const PoolPlan& plan, const std::vector<std::int64_t>& codes);

}  // namespace bpusim
