#include "sim/network/patterns/alignment.h"

#include <algorithm>

namespace bpusim {

namespace {

// Entries of a constant between neighbours along each axis of `shape`, against which it broadcasts.
std::optional<std::vector<std::int64_t>> broadcast_strides(const Shape& constant, const Shape& shape) {
  if (constant.size() > shape.size()) return std::nullopt;
  std::vector<std::int64_t> strides(shape.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t back = 1; back <= constant.size(); ++back) {
    const std::int64_t extent = constant[constant.size() - back];
    if (extent != 1 && extent != shape[shape.size() - back]) return std::nullopt;
    if (extent != 1) strides[shape.size() - back] = stride;
    stride *= extent;
  }
  return strides;
}

// The pieces of x with the constant's entries between neighbours.
struct Walk {
  std::int64_t extent = 1, stride = 0;
  std::size_t axis = 0;  // of x
};

std::optional<std::vector<Walk>> walk_of(const AffineStep& step, const Shape& x) {
  const auto pieces = step.at ? align(x, *step.at) : std::nullopt;
  const auto strides = pieces ? broadcast_strides(step.values.shape, *step.at) : std::nullopt;
  if (!strides) return std::nullopt;
  std::vector<Walk> walks(pieces->size());
  std::vector<std::int64_t> inner(step.at->size(), 1);  // elements of an axis of `at` inside the piece
  for (std::size_t p = pieces->size(); p-- > 0;) {
    const Piece& piece = (*pieces)[p];
    walks[p] = {piece.extent, (*strides)[piece.b] * inner[piece.b], piece.a};
    inner[piece.b] *= piece.extent;
  }
  return walks;
}

// Values over the pieces chosen, the others at their first element.
std::vector<double> gather(const Tensor& values, const std::vector<Walk>& walks,
                           const std::vector<bool>& axes) {
  std::vector<std::int64_t> offsets = {0};
  for (const Walk& walk : walks) {
    if (!axes[walk.axis]) continue;
    std::vector<std::int64_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(walk.extent));
    for (const std::int64_t offset : offsets)
      for (std::int64_t i = 0; i < walk.extent; ++i) next.push_back(offset + i * walk.stride);
    offsets = std::move(next);
  }
  std::vector<double> result;
  result.reserve(offsets.size());
  for (const std::int64_t offset : offsets) result.push_back(values.values[static_cast<std::size_t>(offset)]);
  return result;
}

// Whether the constant is the same at every element of a piece.
bool equal_along(const Tensor& values, const Walk& along) {
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t index = at / along.stride % along.extent;
    if (values.values[i] != values.values[static_cast<std::size_t>(at - index * along.stride)]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<Piece>> align(const Shape& a, const Shape& b) {
  if (element_count(a) != element_count(b)) return std::nullopt;
  std::vector<Piece> pieces;
  std::size_t i = a.size(), j = b.size();
  std::int64_t left_a = 1, left_b = 1;
  while (true) {
    while (left_a == 1 && i > 0) left_a = a[--i];
    while (left_b == 1 && j > 0) left_b = b[--j];
    if (left_a == 1 || left_b == 1) break;
    const std::int64_t extent = std::min(left_a, left_b);
    if (left_a % extent != 0 || left_b % extent != 0) return std::nullopt;
    pieces.push_back({extent, i, j});
    left_a /= extent;
    left_b /= extent;
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

std::optional<std::vector<bool>> varying_axes(const AffineStep& step, const Shape& x) {
  const auto walks = walk_of(step, x);
  if (!walks) return std::nullopt;
  std::vector<bool> varying(x.size(), false);
  for (const Walk& walk : *walks)
    if (walk.stride != 0) varying[walk.axis] = true;
  return varying;
}

std::optional<Tensor> over_axes(const AffineStep& step, const Shape& x, const std::vector<bool>& axes) {
  const auto walks = walk_of(step, x);
  if (!walks) return std::nullopt;
  for (const Walk& walk : *walks)
    if (walk.stride != 0 && !axes[walk.axis] && !equal_along(step.values, walk)) return std::nullopt;
  Shape shape;
  for (std::size_t d = 0; d < x.size(); ++d)
    if (axes[d]) shape.push_back(x[d]);
  return Tensor(shape, gather(step.values, *walks, axes));
}

}  // namespace bpusim
