#include "kernels/mac/product.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "kernels/cpu/scratch.h"
#include "kernels/mac/conv_int16.h"
#include "kernels/mac/gemm_int8.h"
#include "kernels/quantise/affine_int16.h"
#include "kernels/quantise/requantise.h"

namespace bpusim {

namespace {

std::int64_t reach(const Quantisation& grid) {
  return std::max(std::abs(grid.highest() - grid.zero_point), std::abs(grid.lowest() - grid.zero_point));
}

// [lines][length] to [length][lines], in blocks whose lines stay in the cache.
template <class From, class To>
void turn(const From* from, std::int64_t lines, std::int64_t length, To* to) {
  constexpr std::int64_t kBlock = 32;
  for (std::int64_t l = 0; l < lines; l += kBlock)
    for (std::int64_t k = 0; k < length; k += kBlock)
      for (std::int64_t i = l; i < std::min(lines, l + kBlock); ++i)
        for (std::int64_t j = k; j < std::min(length, k + kBlock); ++j)
          to[j * lines + i] = static_cast<To>(from[i * length + j]);
}

// A factor as the product reads it, [lines][length], where it lies so or as [length][lines].
template <class To, class Code>
const To* upright(const Code* codes, std::int64_t lines, std::int64_t length, bool turned) {
  thread_local Scratch<To> memory;
  To* values = memory.reserve(static_cast<std::size_t>(lines * length));
  if (turned) {
    turn(codes, length, lines, values);
  } else {
    std::transform(codes, codes + lines * length, values, [](Code code) { return static_cast<To>(code); });
  }
  return values;
}

// Sum over k of (a - z_a)(b - z_b) is that of a b, less z_b times a's sum, less z_a times b's, and
// inner z_a z_b.
class ZeroShares {
 public:
  ZeroShares(const ProductPlan& plan, std::int64_t rows, std::int64_t columns, const std::int8_t* a,
             const std::int16_t* b)
      : by_row_(static_cast<std::size_t>(rows)), by_column_(static_cast<std::size_t>(columns)) {
    const std::int64_t zero_a = plan.a.zero_point, zero_b = plan.b.zero_point;
    for (std::int64_t r = 0; r < rows && zero_b != 0; ++r)
      by_row_[static_cast<std::size_t>(r)] =
          zero_b * std::accumulate(a + r * plan.inner, a + (r + 1) * plan.inner, std::int64_t{0}) -
          plan.inner * zero_a * zero_b;
    for (std::int64_t k = 0; k < plan.inner && zero_a != 0; ++k)
      for (std::int64_t c = 0; c < columns; ++c)
        by_column_[static_cast<std::size_t>(c)] += zero_a * b[k * columns + c];
  }
  std::int64_t operator()(std::int64_t row, std::int64_t column) const {
    return by_row_[static_cast<std::size_t>(row)] + by_column_[static_cast<std::size_t>(column)];
  }

 private:
  std::vector<std::int64_t> by_row_, by_column_;
};

// Calls take(row, first column, count, sums), maybe on several threads at a time.
template <class Code, class Take>
void product_sums(const ProductPlan& plan, std::int64_t rows, std::int64_t columns, const Code* a,
                  const Code* b, const Take& take) {
  const std::int8_t* left = upright<std::int8_t>(a, rows, plan.inner, plan.a_turned);
  const std::int16_t* right = upright<std::int16_t>(b, plan.inner, columns, plan.b_turned);
  const ZeroShares shares(plan, rows, columns, left, right);
  gemm_int8(rows, columns, plan.inner, left, plan.inner, DenseRows<std::int16_t>(right, columns),
            [&](const SumBlock& block) {
              thread_local Scratch<std::int32_t> memory;
              std::int32_t* sums = memory.reserve(static_cast<std::size_t>(block.columns));
              for (std::int64_t r = 0; r < block.rows; ++r) {
                for (std::int64_t c = 0; c < block.columns; ++c)
                  sums[c] = static_cast<std::int32_t>(block.sums[r * block.stride + c] -
                                                      shares(block.row + r, block.column + c));
                take(block.row + r, block.column, block.columns, sums);
              }
            });
}

}  // namespace

ProductPlan plan_product(const ProductProblem& problem, double alpha, const Quantisation& a,
                         const Quantisation& b, const Quantisation& out, int multiplier_bits,
                         Rounding rounding) {
  const bool wide = a.dtype == DType::Int16 || b.dtype == DType::Int16;
  const int bits = wide ? kInt16AccumulatorBits : 32;
  if (static_cast<double>(problem.inner) * static_cast<double>(reach(a)) * static_cast<double>(reach(b)) >=
      std::ldexp(1.0, bits - 1))
    throw std::invalid_argument(
        "sums of " + std::to_string(problem.inner) + " products of codes up to " + std::to_string(reach(a)) +
        " and " + std::to_string(reach(b)) + " steps from zero can overflow " +
        (wide ? "accumulators of " + std::to_string(bits) + " bits" : std::string("int32 accumulators")));
  return {problem.inner,
          problem.a_turned,
          problem.b_turned,
          a,
          b,
          out,
          make_affine_entry_onto(out, alpha * a.scale * b.scale / out.scale, 0, multiplier_bits, 0),
          rounding};
}

void product_tile_int8(const ProductPlan& plan, std::int64_t rows, std::int64_t columns, const std::int8_t* a,
                       const std::int8_t* b, std::int8_t* y) {
  const CodeRange range{plan.out.zero_point};
  product_sums(plan, rows, columns, a, b,
               [&](std::int64_t row, std::int64_t first, std::int64_t count, const std::int32_t* sums) {
                 requantise(sums, count, plan.entry, plan.rounding, range, y + row * columns + first);
               });
}

namespace {

// Calls take(row, column, sum) of exact 64-bit sums.
template <class Code, class Take>
void wide_sums(const ProductPlan& plan, std::int64_t rows, std::int64_t columns, const Code* a, const Code* b,
               const Take& take) {
  std::vector<std::int64_t> sums(static_cast<std::size_t>(columns));
  for (std::int64_t r = 0; r < rows; ++r) {
    std::fill(sums.begin(), sums.end(), 0);
    for (std::int64_t k = 0; k < plan.inner; ++k) {
      const std::int64_t left = a[plan.a_turned ? k * rows + r : r * plan.inner + k] - plan.a.zero_point;
      for (std::int64_t c = 0; c < columns; ++c)
        sums[static_cast<std::size_t>(c)] +=
            left * (b[plan.b_turned ? c * plan.inner + k : k * columns + c] - plan.b.zero_point);
    }
    for (std::int64_t c = 0; c < columns; ++c) take(r, c, sums[static_cast<std::size_t>(c)]);
  }
}

// ideal_product of int16: one rounding of the exact sum in long double.
std::vector<std::int64_t> ideal_wide(const ProductProblem& problem, const ProductPlan& plan, double alpha,
                                     const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const long double gain = static_cast<long double>(alpha) * plan.a.scale * plan.b.scale / plan.out.scale;
  std::vector<std::int64_t> ideal(problem.pairs.size() *
                                  static_cast<std::size_t>(problem.rows * problem.columns));
  for (const ProductProblem::Pair& pair : problem.pairs)
    wide_sums(plan, problem.rows, problem.columns, a.data() + pair.a, b.data() + pair.b,
              [&](std::int64_t row, std::int64_t column, std::int64_t sum) {
                const long double code =
                    gain * static_cast<long double>(sum) + static_cast<long double>(plan.out.zero_point);
                ideal[static_cast<std::size_t>(pair.y + row * problem.columns + column)] =
                    static_cast<std::int64_t>(
                        std::nearbyint(std::clamp<long double>(code, plan.out.lowest(), plan.out.highest())));
              });
  return ideal;
}

}  // namespace

void product_tile_int16(const ProductPlan& plan, std::int64_t rows, std::int64_t columns,
                        const std::int16_t* a, const std::int16_t* b, std::int16_t* y) {
  wide_sums(plan, rows, columns, a, b, [&](std::int64_t row, std::int64_t column, std::int64_t sum) {
    y[row * columns + column] = static_cast<std::int16_t>(apply_affine_int16(
        sum, plan.entry, plan.rounding, plan.out.zero_point, plan.out.lowest(), plan.out.highest()));
  });
}

std::vector<std::int64_t> ideal_product(const ProductProblem& problem, const ProductPlan& plan, double alpha,
                                        const std::vector<std::int64_t>& a,
                                        const std::vector<std::int64_t>& b) {
  if (takes_int16(plan)) return ideal_wide(problem, plan, alpha, a, b);
  const ExactAffine exact(static_cast<long double>(alpha) * plan.a.scale * plan.b.scale, 0, plan.out.scale,
                          CodeRange{plan.out.zero_point});
  std::vector<std::int64_t> ideal(problem.pairs.size() *
                                  static_cast<std::size_t>(problem.rows * problem.columns));
  for (const ProductProblem::Pair& pair : problem.pairs)
    product_sums(plan, problem.rows, problem.columns, a.data() + pair.a, b.data() + pair.b,
                 [&](std::int64_t row, std::int64_t first, std::int64_t count, const std::int32_t* sums) {
                   thread_local Scratch<std::int8_t> memory;
                   std::int8_t* codes = memory.reserve(static_cast<std::size_t>(count));
                   exact.apply(sums, count, codes);
                   std::copy_n(codes, count, ideal.data() + pair.y + row * problem.columns + first);
                 });
  return ideal;
}

}  // namespace bpusim
