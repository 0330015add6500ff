#include "kernels/tensor/tensor_shapes.h"

#include <stdexcept>
#include <string>

#include "kernels/tensor/tensor_math.h"

namespace bpusim {

Shape reduced_shape(const Shape& x, const std::vector<std::int64_t>& axes, bool keep_dims) {
  const auto rank = static_cast<std::int64_t>(x.size());
  std::vector<char> over(x.size(), axes.empty() ? 1 : 0);
  for (const std::int64_t axis : axes) {
    if (axis < -rank || axis >= rank)
      throw std::invalid_argument("axis " + std::to_string(axis) + " is out of range for rank " +
                                  std::to_string(rank));
    over[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = 1;
  }
  Shape shape;
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (over[d] == 0) shape.push_back(x[d]);
    if (over[d] != 0 && keep_dims) shape.push_back(1);
  }
  return shape;
}

Shape matmul_shape(const Shape& a, const Shape& b) {
  // A vector is a matrix of one row, or of one column, and has neither in the result.
  const bool row = a.size() == 1, column = b.size() == 1;
  const Shape x = row ? Shape{1, a[0]} : a, w = column ? Shape{b[0], 1} : b;
  if (x.size() < 2 || w.size() < 2 || x.back() != w[w.size() - 2])
    throw std::invalid_argument("MatMul: " + to_string(a) + " by " + to_string(b) + " does not fit");
  Shape shape = broadcast_shape(Shape(x.begin(), x.end() - 2), Shape(w.begin(), w.end() - 2));
  if (!row) shape.push_back(x[x.size() - 2]);
  if (!column) shape.push_back(w.back());
  return shape;
}

}  // namespace bpusim
