// Operators that choose elements axis by axis: Gather with known indices, Pad, Slice with negative steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// Output position i of axis d takes input position index[d][i]; kFill takes none: the element is the fill
/// value.
struct Selection {
  static constexpr std::int64_t kFill = -1;
  Shape input;
  std::vector<std::vector<std::int64_t>> index;
  Shape shape;  ///< of the output, which may group the axes differently

  std::int64_t size() const;  ///< elements of the output
  bool identity() const;      ///< all of the input in its order, perhaps under another shape
};

/// Positions of an axis in arithmetic progression.
struct SelectionRun {
  std::int64_t out = 0, count = 1;  ///< output positions [out, out + count)
  std::int64_t in = 0, step = 1;    ///< the input positions; in is kFill for filled ones
};
std::vector<SelectionRun> runs_of(const std::vector<std::int64_t>& index);

/// Boxes that the runs of all axes cut the output into.
std::int64_t piece_count(const Selection& selection);

/// ONNX Pad: modes constant, reflect, edge, wrap; negative pads cut off. Throws std::invalid_argument.
Selection resolve_pad(const std::string& mode, const Shape& x, const std::vector<std::int64_t>& pads,
                      const std::vector<std::int64_t>& axes);

/// ONNX Gather at known indices (negative ones from the end). Throws std::invalid_argument.
Selection resolve_gather(const Shape& x, const Tensor& indices, std::size_t axis);

/// ONNX Slice of any steps but 0; `axes` and `steps` may be empty. Throws std::invalid_argument.
Selection resolve_slice(const Shape& x, const std::vector<std::int64_t>& starts,
                        const std::vector<std::int64_t>& ends, std::vector<std::int64_t> axes,
                        std::vector<std::int64_t> steps);

std::vector<double> apply_selection(const Selection& selection, const std::vector<double>& x, double fill);

}  // namespace bpusim
