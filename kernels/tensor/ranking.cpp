#include "kernels/tensor/ranking.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

// The rows along an axis: element i of row r is at first(r) + i * inner.
struct AxisRows {
  AxisRows(const Shape& shape, std::size_t axis) : extent(shape.at(axis)) {
    for (std::size_t d = 0; d < shape.size(); ++d) (d < axis ? outer : inner) *= d == axis ? 1 : shape[d];
  }
  std::int64_t count() const { return outer * inner; }
  // Where a row begins in a tensor of this extent along the axis.
  std::int64_t first(std::int64_t row, std::int64_t of) const {
    return row / inner * of * inner + row % inner;
  }

  std::int64_t outer = 1, inner = 1, extent;
};

}  // namespace

Ranked top_k(const Tensor& x, std::int64_t count, std::size_t axis, bool largest) {
  const AxisRows rows(x.shape, axis);
  if (count < 0 || count > rows.extent)
    throw std::invalid_argument("TopK: " + std::to_string(count) + " of " + std::to_string(rows.extent) +
                                " elements along axis " + std::to_string(axis));
  Shape shape = x.shape;
  shape[axis] = count;
  Ranked ranked{Tensor::filled(shape, 0), Tensor::filled(shape, 0)};
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows.extent));
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    const double* row = x.values.data() + rows.first(r, rows.extent);
    std::iota(order.begin(), order.end(), 0);
    const auto before = [&](std::int64_t a, std::int64_t b) {
      const double va = row[a * rows.inner], vb = row[b * rows.inner];
      if (va != vb) return largest ? va > vb : va < vb;
      return a < b;
    };
    std::partial_sort(order.begin(), order.begin() + count, order.end(), before);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(rows.first(r, count) + i * rows.inner);
      const std::int64_t from = order[static_cast<std::size_t>(i)];
      ranked.values.values[at] = row[from * rows.inner];
      ranked.indices.values[at] = static_cast<double>(from);
    }
  }
  return ranked;
}

Tensor hardmax(const Tensor& x, std::size_t axis) {
  const AxisRows rows(x.shape, axis);
  const Ranked first = top_k(x, 1, axis, true);
  Tensor y = Tensor::filled(x.shape, 0);
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    const auto at = static_cast<std::int64_t>(first.indices.values[static_cast<std::size_t>(r)]);
    y.values[static_cast<std::size_t>(rows.first(r, rows.extent) + at * rows.inner)] = 1;
  }
  return y;
}

}  // namespace bpusim
