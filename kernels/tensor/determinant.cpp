#include "kernels/tensor/determinant.h"

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bpusim {

namespace {

// A square matrix with `width` columns, of which the first `n` are brought to steps, by rows that are
// exchanged for the largest pivot.
class Elimination {
 public:
  Elimination(std::vector<double> values, std::int64_t n, std::int64_t width)
      : values_(std::move(values)), n_(n), width_(width) {}

  // The determinant of the first n columns. With `whole`, they become the identity where it is not 0.
  double run(bool whole) {
    double product = 1;
    for (std::int64_t k = 0; k < n_; ++k) {
      std::int64_t pivot = k;
      for (std::int64_t r = k + 1; r < n_; ++r)
        if (std::abs(at(r, k)) > std::abs(at(pivot, k))) pivot = r;
      if (at(pivot, k) == 0) return 0;
      if (pivot != k) {
        product = -product;
        for (std::int64_t c = 0; c < width_; ++c) std::swap(at(pivot, c), at(k, c));
      }
      product *= at(k, k);
      for (std::int64_t r = whole ? 0 : k + 1; r < n_; ++r)
        if (r != k) subtract(r, k);
    }
    for (std::int64_t k = 0; whole && k < n_; ++k)
      for (std::int64_t c = n_; c < width_; ++c) at(k, c) /= at(k, k);
    return product;
  }

  double& at(std::int64_t row, std::int64_t column) {
    return values_[static_cast<std::size_t>(row * width_ + column)];
  }

 private:
  // Row k from row r, so that r has a 0 in column k.
  void subtract(std::int64_t r, std::int64_t k) {
    const double factor = at(r, k) / at(k, k);
    for (std::int64_t c = k; c < width_; ++c) at(r, c) -= factor * at(k, c);
  }

  std::vector<double> values_;
  const std::int64_t n_, width_;
};

}  // namespace

Shape matrices_of(const Shape& shape) {
  if (shape.size() < 2 || shape.back() != shape[shape.size() - 2])
    throw std::invalid_argument("no square matrices: " + to_string(shape));
  return {shape.begin(), shape.end() - 2};
}

Tensor determinant(const Tensor& x) {
  Tensor y = Tensor::filled(matrices_of(x.shape), 0);
  const std::int64_t n = x.shape.back();
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const auto first = x.values.begin() + i * n * n;
    y.values[static_cast<std::size_t>(i)] =
        Elimination(std::vector<double>(first, first + n * n), n, n).run(false);
  }
  return y;
}

Tensor inverse(const Tensor& x) {
  const std::int64_t count = element_count(matrices_of(x.shape)), n = x.shape.back();
  Tensor y = Tensor::filled(x.shape, 0);
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<double> beside(static_cast<std::size_t>(2 * n * n), 0.0);  // the identity stands behind it
    for (std::int64_t r = 0; r < n; ++r) {
      for (std::int64_t c = 0; c < n; ++c)
        beside[static_cast<std::size_t>(r * 2 * n + c)] =
            x.values[static_cast<std::size_t>((i * n + r) * n + c)];
      beside[static_cast<std::size_t>(r * 2 * n + n + r)] = 1;
    }
    Elimination matrix(std::move(beside), n, 2 * n);
    if (matrix.run(true) == 0)
      throw std::invalid_argument("matrix " + std::to_string(i) + " is singular, it has no inverse");
    for (std::int64_t r = 0; r < n; ++r)
      for (std::int64_t c = 0; c < n; ++c)
        y.values[static_cast<std::size_t>((i * n + r) * n + c)] = matrix.at(r, n + c);
  }
  return y;
}

}  // namespace bpusim
