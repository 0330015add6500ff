// Convolutions where activations are int16 on at least one side; weights stay int8, a scale a channel. The
// MAC array takes an int16 activation in two halves: two int8 products, whose sums meet in 48 bits. Sums that
// leave the network as int32 are made here, too.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/mac/conv.h"

namespace bpusim {

/// Bits of the sums, sign included.
constexpr int kInt16AccumulatorBits = 48;

/// Whether a side is not int8.
inline bool takes_int16(const ConvPlan& plan) {
  return plan.in.dtype == DType::Int16 || plan.out.dtype != DType::Int8;
}

/// As conv_tile_int8 of kernels/mac/conv.h, with codes of either type widened to int16, and results to int32:
/// exact sums, then the channel's affine entry, rounded once and clamped to the plan's range.
void conv_tile_int16(const ConvTile& tile, const ConvPlan& plan, const std::int16_t* input,
                     const std::int8_t* weights, const AffineEntry* entries, std::int32_t* output);

/// The infinitely precise real results of the same codes and weights, before any clamp.
std::vector<double> exact_conv_int16(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                     const std::vector<double>& weight_scales,
                                     const std::vector<double>& bias);

/// Those, rounded once onto the plan's grid.
std::vector<std::int64_t> ideal_conv_int16(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                           const std::vector<double>& weight_scales,
                                           const std::vector<double>& bias);

}  // namespace bpusim
