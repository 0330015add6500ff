// MaxPool, AveragePool and their global forms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/mac/conv.h"

namespace bpusim {

enum class PoolKind { Max, Average };

/// A pooling as the geometry of a depthwise convolution.
struct PoolProblem {
  PoolKind kind = PoolKind::Max;
  ConvProblem window;          ///< groups = ic = oc; the kernel is the window
  bool count_padding = false;  ///< padding counts in the mean's divisor
  /// Where the padding that counts ends, below and to the right: what ceil_mode adds behind it does not.
  std::int64_t counted_rows = INT64_MAX, counted_columns = INT64_MAX;
};

/// Rows or columns of the input under one output position: [first, end), every step-th.
struct PoolStretch {
  std::int64_t first, end, step;
  std::int64_t count() const { return first < end ? (end - first + step - 1) / step : 0; }
};

/// What an output reads of its plane, and what a mean divides by.
struct PoolWindow {
  PoolStretch rows, columns;
  std::int64_t divisor;
  std::int64_t count() const { return rows.count() * columns.count(); }
};
PoolWindow pool_window(const PoolProblem& problem, std::int64_t oy, std::int64_t ox);

/// MaxPool, AveragePool (kernel_shape, strides, pads, auto_pad, ceil_mode, count_include_pad), GlobalMaxPool
/// and GlobalAveragePool. Throws std::invalid_argument with what does not fit.
PoolProblem resolve_pool(const std::string& op, const Attributes& attributes, const Shape& input);

Tensor golden_pool(const PoolProblem& problem, const Tensor& x);

/// A pooling on given grids. A maximum keeps its input's grid.
struct PoolPlan {
  PoolProblem problem;
  Quantisation in, out;
  Rounding rounding = Rounding::HalfEven;
  std::vector<AffineEntry> by_count;  ///< of a mean: entry n - 1 for n elements
};
/// Whether a side is int16: kernels/vector/vector_int16.h runs such plans.
inline bool takes_int16(const PoolPlan& plan) {
  return plan.in.dtype == DType::Int16 || plan.out.dtype == DType::Int16;
}
PoolPlan plan_pool(const PoolProblem& problem, const Quantisation& in, const Quantisation& out,
                   int multiplier_bits, Rounding rounding);

/// A tile as of a depthwise convolution: input [channels][in_rows][iw], output [channels][out_rows][ow].
void pool_tile_int8(const ConvTile& tile, const PoolPlan& plan, const std::int8_t* input,
                    std::int8_t* output);

/// The infinitely precise result of the same codes, rounded once.
std::vector<std::int64_t> ideal_pool(const PoolPlan& plan, const std::vector<std::int64_t>& codes);

}  // namespace bpusim
