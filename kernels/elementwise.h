// Relu, Add and copies onto another grid: the neighbours that a norm has.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/affine_entry.h"
#include "kernels/quantise.h"

namespace bpusim {

enum class ElementwiseKind { Copy, Relu, Add };
const char* to_string(ElementwiseKind kind);
inline int operand_count(ElementwiseKind kind) {
  return kind == ElementwiseKind::Add ? 2 : 1;
}

/// An element-wise operator on given int8 grids. Real meaning: y = zero_point + (m0 (a - z_a) + m1 (b - z_b))
/// / 2^shift, with one rounding; m0 and m1 are the scales over the output's, as multipliers of
/// `multiplier_bits` with a common shift.
struct ElementwisePlan {
  ElementwiseKind kind = ElementwiseKind::Copy;
  std::vector<Quantisation> in;
  Quantisation out;
  Rounding rounding = Rounding::HalfEven;
  std::vector<std::int64_t> multipliers;
  int shift = 0;
};
ElementwisePlan plan_elementwise(ElementwiseKind kind, const std::vector<Quantisation>& in,
                                 const Quantisation& out, int multiplier_bits, Rounding rounding);

/// `count` codes; `b` is unused but for Add. `y` may be `a`.
void elementwise_int8(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b,
                      std::int64_t count, std::int8_t* y);

/// Float64.
std::vector<double> golden_elementwise(ElementwiseKind kind,
                                       const std::vector<std::vector<double>>& operands);

/// The infinitely precise result of the same codes, rounded once.
std::vector<std::int64_t> ideal_elementwise(const ElementwisePlan& plan,
                                            const std::vector<std::vector<std::int64_t>>& operands);

}  // namespace bpusim
