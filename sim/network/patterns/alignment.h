// Two shapes of the same elements in the same order, laid side by side.
#pragma once

#include <optional>
#include <vector>

#include "sim/network/patterns/norm_core.h"

namespace bpusim {

/// A stretch of elements that is part of one axis in both shapes.
struct Piece {
  std::int64_t extent = 1;
  std::size_t a = 0, b = 0;  ///< axes, from the front
};

/// Outermost first; axes of extent 1 have no piece. Nothing where an axis of one ends within one of the other
/// and does not divide it (6 beside 4), or where the sizes differ.
std::optional<std::vector<Piece>> align(const Shape& a, const Shape& b);

/// Axes of `x` at which the step's constant has more than one entry; nothing where it does not fit.
std::optional<std::vector<bool>> varying_axes(const AffineStep& step, const Shape& x);

/// The constant by the axes of `x` that are set in `axes`: its shape is their extents. Nothing where it
/// depends on another axis.
std::optional<Tensor> over_axes(const AffineStep& step, const Shape& x, const std::vector<bool>& axes);

}  // namespace bpusim
