// Resize and Upsample: each output is a weighted sum of inputs, axis by axis.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/quantise/fixed_point.h"
#include "kernels/quantise/quantise.h"
#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// One axis: output i is the sum over t of weight[i * taps + t] times input index[i * taps + t].
struct AxisTaps {
  std::int64_t in = 1, out = 1, taps = 1;
  std::vector<std::int64_t> index;
  std::vector<double> weight;
  std::vector<char> outside;  ///< outputs that are the extrapolation value; empty where none are

  bool identity() const;  ///< output i is input i
};

struct Resize {
  std::vector<AxisTaps> axes;
  double extrapolation = 0;
  Shape shape() const;
};

/// ONNX Resize and Upsample; `constants` are the inputs after the first (roi, scales, sizes; only scales for
/// Upsample and the first Resize). Modes nearest, linear, cubic; all coordinate modes; antialias,
/// exclude_outside, axes, keep_aspect_ratio_policy. Throws std::invalid_argument with what does not fit, and
/// NotRun where an axis is longer than 2^22.
Resize resolve_resize(const std::string& op, const Attributes& attributes, const Shape& x,
                      const std::vector<Tensor>& constants);

std::vector<double> apply_resize(const Resize& resize, const std::vector<double>& x);

/// An axis' weights as integers that add up to one for each output: of kWeightBits, and of kCoarseBits, which
/// settle sums of int8 codes that are far enough from a tie.
struct AxisWeights {
  std::vector<std::int64_t> fine, coarse;
  bool exact = true;  ///< whether the coarse ones are the weights themselves: quarters, say
};

/// A resize of planes in integers: weights of 44 bits an axis, exact sums, rounded to 24 bits behind the code
/// and then to a code, so that a sum half-way between two codes is one where weights are tenths, too. The
/// grid is kept.
struct ResamplePlan {
  static constexpr int kWeightBits = 44, kCoarseBits = 20, kTieBits = 24;
  std::int64_t planes = 1;
  AxisTaps rows, columns;
  AxisWeights row_weights, column_weights;
  Quantisation grid;
  Rounding rounding = Rounding::HalfEven;
};
/// The last two axes are resized, all before them are planes. Throws std::invalid_argument where others are,
/// and where an output has no weights.
ResamplePlan plan_resample(const Resize& resize, const Quantisation& grid, Rounding rounding);

/// Rows of a number of planes, with the input rows that they need. Dense in SRAM.
struct ResampleTile {
  std::int64_t planes = 1, out_row = 0, out_rows = 1, in_row = 0, in_rows = 1;
};
ResampleTile resample_tile(const ResamplePlan& plan, std::int64_t planes, std::int64_t out_row,
                           std::int64_t out_rows);

/// Codes are std::int8_t or std::int16_t, as the plan's grid has it.
template <class Code>
void resample_codes(const ResampleTile& tile, const ResamplePlan& plan, const Code* x, Code* y);

}  // namespace bpusim
