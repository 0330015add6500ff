// Convolution: golden in float64, and in int8 with per-channel weights and int32 accumulators, tile by tile.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/norms/norm.h"
#include "kernels/quantise/affine_entry.h"
#include "kernels/quantise/quantise.h"
#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// A resolved 2-D convolution (1-D ones have height 1), NCHW.
struct ConvProblem {
  std::int64_t n = 1, ic = 1, ih = 1, iw = 1;
  std::int64_t oc = 1, kh = 1, kw = 1, oh = 1, ow = 1;
  std::int64_t stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0, dilation_h = 1, dilation_w = 1;
  std::int64_t groups = 1;

  std::int64_t group_inputs() const { return ic / groups; }
  std::int64_t group_outputs() const { return oc / groups; }
  std::int64_t taps() const { return group_inputs() * kh * kw; }  ///< products in one output
  /// Whether its outputs are summed tap by tap (conv_direct.h) instead of as a matrix product.
  bool suits_direct() const { return group_outputs() <= 4; }
  std::int64_t macs() const { return n * oc * oh * ow * taps(); }
};

/// ONNX Conv: kernel_shape, strides, pads, dilations, group, auto_pad. Weights are [oc, ic/group, kh, kw].
/// Throws std::invalid_argument with what does not fit.
ConvProblem resolve_conv(const Attributes& attributes, const Shape& input, const Shape& weights);

/// Rank of the input decides the result's: [n, oc, oh, ow], or [n, oc, ow].
Shape conv_output_shape(const ConvProblem& problem, std::size_t rank);

/// `bias` has oc values or none.
Tensor golden_conv(const ConvProblem& problem, const Tensor& x, const Tensor& weights,
                   const std::vector<double>& bias, std::size_t rank);

/// Weights and bias with a BatchNormalization behind them folded in: w * g and (b - mean) * g + beta with
/// g = gamma / sqrt(variance + epsilon).
struct FoldedConv {
  Tensor weights;
  std::vector<double> bias;
};
FoldedConv fold_batch_norm(Tensor weights, const std::vector<double>& bias, const NormPart& batch_norm);

/// A convolution on given grids.
struct ConvPlan {
  ConvProblem problem;
  Quantisation in, out;
  Rounding rounding = Rounding::HalfEven;
  std::vector<std::int8_t> weights;           ///< symmetric, one scale an output channel
  std::vector<AffineEntry> entries;           ///< one an output channel
  std::int64_t lowest = -128, highest = 127;  ///< narrowed by a fused Relu or Clip
};
/// A fused Relu (low 0) or Clip.
struct Clamp {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};
/// `scales` of the weights, one an output channel, where their codes are given; empty: weight_scales(). An
/// `out` of Int32 is no grid: results are the sums and the bias, in steps of in.scale times the channel's
/// scale, and `clamp` leaves all.
ConvPlan plan_conv(const ConvProblem& problem, const Tensor& weights, const std::vector<double>& bias,
                   const Quantisation& in, const Quantisation& out, const Clamp& clamp, int multiplier_bits,
                   Rounding rounding, const std::vector<double>& scales = {});

/// Largest magnitude that an accumulator of this plan can reach, of one onto Int32 with its bias; beyond 2^31
/// it would wrap.
std::int64_t accumulator_bound(const ConvPlan& plan);

/// A part of one sample's output, with the rows and channels of input that it needs. All dense in SRAM:
/// input [in_channels][in_rows][iw], weights [out_channels][ic/groups][kh][kw], output
/// [out_channels][out_rows][ow].
struct ConvTile {
  std::int64_t out_channel = 0, out_channels = 1, out_row = 0, out_rows = 1;
  std::int64_t in_channel = 0, in_channels = 1, in_row = 0, in_rows = 1;
  std::int64_t samples = 1;  ///< of images of one pixel: rows of a matrix product
  /// Where outputs do not lie side by side: elements from plane to plane, row to row and column to column.
  /// All 0: dense.
  std::int64_t plane_step = 0, row_step = 0, column_step = 0;

  /// Codes from the first output to behind the last, of outputs `ow` wide.
  std::int64_t output_span(std::int64_t ow) const {
    if (column_step == 0) return samples * out_channels * out_rows * ow;
    return (out_channels - 1) * plane_step + (out_rows - 1) * row_step + (ow - 1) * column_step + 1;
  }
};
/// The tile for a range of output channels (whole groups, or within one) and rows.
ConvTile conv_tile(const ConvProblem& problem, std::int64_t out_channel, std::int64_t out_channels,
                   std::int64_t out_row, std::int64_t out_rows);

/// Elements that a tile reads and writes.
inline std::int64_t conv_inputs(const ConvProblem& p, const ConvTile& t) {
  return t.samples * t.in_channels * t.in_rows * p.iw;
}
inline std::int64_t conv_outputs(const ConvProblem& p, const ConvTile& t) {
  return t.samples * t.out_channels * t.out_rows * p.ow;
}

void conv_tile_int8(const ConvTile& tile, const ConvPlan& plan, const std::int8_t* input,
                    const std::int8_t* weights, const AffineEntry* entries, std::int8_t* output);

/// The real results of the same codes and weights, before any clamp: exact sums, scaled in double.
std::vector<double> exact_conv(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                               const std::vector<double>& weight_scales, const std::vector<double>& bias);

/// Infinitely precise results, rounded once onto the plan's grid and clamped.
std::vector<std::int64_t> ideal_conv(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                     const std::vector<double>& weight_scales,
                                     const std::vector<double>& bias);

/// Scale of each output channel's weights.
std::vector<double> weight_scales(const Tensor& weights);

}  // namespace bpusim
