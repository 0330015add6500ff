#include "kernels/tensor/indexing.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/tensor/tensor_math.h"

namespace bpusim {

namespace {

std::int64_t from_front(const char* op, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw std::invalid_argument(std::string(op) + ": axis " + std::to_string(axis) +
                                " is out of range for rank " + std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

std::int64_t element_at(const char* op, double index, std::int64_t extent) {
  auto at = static_cast<std::int64_t>(index);
  if (at < 0) at += extent;
  if (at < 0 || at >= extent)
    throw std::invalid_argument(std::string(op) + ": index " + std::to_string(at) + " is outside of " +
                                std::to_string(extent));
  return at;
}

std::int64_t product(const Shape& shape, std::size_t first, std::size_t last) {
  std::int64_t count = 1;
  for (std::size_t d = first; d < last; ++d) count *= shape[d];
  return count;
}

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shape(condition.shape, broadcast_shape(a.shape, b.shape));
  const Tensor zeros = Tensor::filled(shape, 0);
  Tensor y = binary("Add", zeros, a);
  const Tensor choose = binary("Add", zeros, condition), other = binary("Add", zeros, b);
  for (std::size_t i = 0; i < y.values.size(); ++i)
    if (choose.values[i] == 0) y.values[i] = other.values[i];
  return y;
}

std::int64_t range_count(double start, double limit, double step) {
  if (step == 0) throw std::invalid_argument("Range: a step of 0");
  const double count = std::max(0.0, std::ceil((limit - start) / step));
  if (!(count <= static_cast<double>(kMaxElements)))
    throw std::invalid_argument("Range: from " + std::to_string(start) + " to " + std::to_string(limit) +
                                " in steps of " + std::to_string(step) + " are more than " +
                                std::to_string(kMaxElements) + " elements, or no number of them");
  return static_cast<std::int64_t>(count);
}

Tensor range(double start, double limit, double step) {
  const std::int64_t count = range_count(start, limit, step);
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) values.push_back(start + static_cast<double>(i) * step);
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor({size}, std::move(values));
}

Tensor tile(const Tensor& x, const std::vector<std::int64_t>& repeats) {
  if (repeats.size() != x.shape.size())
    throw std::invalid_argument("Tile: " + std::to_string(repeats.size()) + " repeats for rank " +
                                std::to_string(x.shape.size()));
  Tensor y = x;
  for (std::size_t d = x.shape.size(); d-- > 0;) {
    if (repeats[d] < 0) throw std::invalid_argument("Tile: a negative repeat");
    const std::int64_t row = product(y.shape, d, y.shape.size());
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(y.size() * repeats[d]));
    for (std::int64_t r = 0; r < product(y.shape, 0, d); ++r)
      for (std::int64_t i = 0; i < repeats[d]; ++i)
        values.insert(values.end(), y.values.begin() + r * row, y.values.begin() + (r + 1) * row);
    y.shape[d] *= repeats[d];
    y.values = std::move(values);
  }
  return y;
}

Tensor triangle(const Tensor& x, bool upper, std::int64_t k) {
  if (x.shape.size() < 2) throw std::invalid_argument("Trilu: needs rank 2 or more");
  const std::int64_t rows = x.shape[x.shape.size() - 2], columns = x.shape.back();
  Tensor y = x;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t column = i % columns, row = i / columns % rows;
    if (upper ? column < row + k : column > row + k) y.values[static_cast<std::size_t>(i)] = 0;
  }
  return y;
}

Tensor gather_nd(const Tensor& x, const Tensor& indices, std::int64_t given) {
  const auto batch = static_cast<std::size_t>(given);
  const std::int64_t tuple = indices.shape.empty() ? 0 : indices.shape.back();
  const std::size_t last = batch + static_cast<std::size_t>(tuple);
  if (given < 0 || tuple < 1 || last > x.shape.size() || batch >= indices.shape.size())
    throw std::invalid_argument("GatherND: indices of shape " + to_string(indices.shape) + " do not fit " +
                                to_string(x.shape));
  const std::int64_t batches = product(x.shape, 0, batch);
  const std::int64_t picks = indices.size() / tuple, slice = product(x.shape, last, x.shape.size());
  if (batches == 0 || picks % batches != 0) throw std::invalid_argument("GatherND: batches differ");
  std::vector<double> values;
  for (std::int64_t p = 0; p < picks; ++p) {
    std::int64_t at = p / (picks / batches);
    for (std::int64_t t = 0; t < tuple; ++t) {
      const std::int64_t extent = x.shape[batch + static_cast<std::size_t>(t)];
      at = at * extent +
           element_at("GatherND", indices.values[static_cast<std::size_t>(p * tuple + t)], extent);
    }
    values.insert(values.end(), x.values.begin() + at * slice, x.values.begin() + (at + 1) * slice);
  }
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(last), x.shape.end());
  return Tensor(shape, std::move(values));
}

Tensor gather_elements(const Tensor& x, const Tensor& indices, std::int64_t given) {
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  if (indices.shape.size() != x.shape.size())
    throw std::invalid_argument("GatherElements: indices of another rank");
  const auto axis = static_cast<std::size_t>(from_front("GatherElements", given, rank));
  Tensor y = Tensor::filled(indices.shape, 0);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const double index = indices.values[static_cast<std::size_t>(i)];
    std::int64_t rest = i, at = 0, stride = 1;
    for (std::size_t d = x.shape.size(); d-- > 0; rest /= indices.shape[d], stride *= x.shape[d]) {
      const std::int64_t here =
          d == axis ? element_at("GatherElements", index, x.shape[d]) : rest % indices.shape[d];
      if (here >= x.shape[d]) throw std::invalid_argument("GatherElements: indices larger than the data");
      at += here * stride;
    }
    y.values[static_cast<std::size_t>(i)] = x.values[static_cast<std::size_t>(at)];
  }
  return y;
}

Tensor one_hot(const Tensor& indices, std::int64_t depth, double off, double on, std::int64_t given) {
  const auto rank = static_cast<std::int64_t>(indices.shape.size()) + 1;
  const auto axis = static_cast<std::size_t>(from_front("OneHot", given, rank));
  Shape shape = indices.shape;
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  Tensor y = Tensor::filled(shape, off);
  const std::int64_t inner = product(indices.shape, axis, indices.shape.size());
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    auto at = static_cast<std::int64_t>(indices.values[static_cast<std::size_t>(i)]);
    if (at < 0) at += depth;
    if (at < 0 || at >= depth) continue;  // outside: off everywhere
    y.values[static_cast<std::size_t>((i / inner * depth + at) * inner + i % inner)] = on;
  }
  return y;
}

}  // namespace bpusim
