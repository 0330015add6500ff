// Matrix products in float64, in an order of summation that no machine and no number of threads changes.
#pragma once

#include <cstdint>

namespace bpusim {

/// The rows of a matrix that is not written out, such as a convolution's input under each tap.
template <class T>
class RowSource {
 public:
  RowSource() = default;
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;
  virtual ~RowSource() = default;

  /// Columns [first, first + count) of row k: where they lie side by side already, or in `scratch`, which has
  /// room for them. Called from several threads at a time.
  virtual const T* row(std::int64_t k, std::int64_t first, std::int64_t count, T* scratch) const = 0;
};

/// A matrix that is written out, row-major.
template <class T>
class DenseRows : public RowSource<T> {
 public:
  DenseRows(const T* values, std::int64_t stride) : values_(values), stride_(stride) {}
  const T* row(std::int64_t k, std::int64_t first, std::int64_t, T*) const override {
    return values_ + k * stride_ + first;
  }

 private:
  const T* values_;
  std::int64_t stride_;
};

/// c += a b, with a [m, k] row-major, rows `a_stride` apart, b of k rows and n columns, c [m, n] row-major,
/// rows `c_stride` apart.
///
/// Each element of c takes its products one after another, k ascending, each by one fused multiply-add: the
/// result is the same on every machine that has one (x86-64 from AVX2 on, all of aarch64), for any number of
/// threads. Older x86-64 rounds the product too, which differs by some 1e-16 of the sum of magnitudes.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t a_stride,
          const RowSource<double>& b, double* c, std::int64_t c_stride);

}  // namespace bpusim
