// Matrix products of two activations, int8 or int16 each, on grids of their own: exact sums, one rounding.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/quantise/affine_entry.h"
#include "kernels/quantise/quantise.h"

namespace bpusim {

/// [rows, inner] by [inner, columns], as often as there are pairs of matrices.
struct ProductProblem {
  /// First elements of the two factors and of their product.
  struct Pair {
    std::int64_t a = 0, b = 0, y = 0;
  };
  std::int64_t rows = 1, inner = 1, columns = 1;
  bool a_turned = false;  ///< the first factor lies as [inner, rows]
  bool b_turned = false;  ///< the second lies as [columns, inner]
  std::vector<Pair> pairs;

  std::int64_t macs() const { return rows * inner * columns * static_cast<std::int64_t>(pairs.size()); }
};

/// Real meaning: y = zero_point + gain * sum over k of (a - z_a)(b - z_b), rounded once and clamped.
struct ProductPlan {
  std::int64_t inner = 1;
  bool a_turned = false, b_turned = false;
  Quantisation a, b, out;
  AffineEntry entry;
  Rounding rounding = Rounding::HalfEven;
};
/// Whether any of the three is int16: product_tile_int16 runs such plans.
inline bool takes_int16(const ProductPlan& plan) {
  return plan.a.dtype == DType::Int16 || plan.b.dtype == DType::Int16 || plan.out.dtype == DType::Int16;
}
/// `alpha` multiplies the product. Throws std::invalid_argument where sums could leave int32, or of an int16
/// factor the 48 bits of its accumulators.
ProductPlan plan_product(const ProductProblem& problem, double alpha, const Quantisation& a,
                         const Quantisation& b, const Quantisation& out, int multiplier_bits,
                         Rounding rounding);

/// One tile, dense: a [rows][inner] (or turned), b [inner][columns] (or turned), y [rows][columns].
void product_tile_int8(const ProductPlan& plan, std::int64_t rows, std::int64_t columns, const std::int8_t* a,
                       const std::int8_t* b, std::int8_t* y);

/// The same where one of them is int16: codes of either type come and go widened.
void product_tile_int16(const ProductPlan& plan, std::int64_t rows, std::int64_t columns,
                        const std::int16_t* a, const std::int16_t* b, std::int16_t* y);

/// The infinitely precise results of the same codes, rounded once.
std::vector<std::int64_t> ideal_product(const ProductProblem& problem, const ProductPlan& plan, double alpha,
                                        const std::vector<std::int64_t>& a,
                                        const std::vector<std::int64_t>& b);

}  // namespace bpusim
