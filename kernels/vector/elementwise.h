// Relu, Add and copies onto another grid: the neighbours that a norm has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/quantise/affine_entry.h"
#include "kernels/quantise/quantise.h"
#include "kernels/units.h"

namespace bpusim {

/// Reverse: the second operand is the first of the operation. PRelu's second operand is the slope.
enum class ElementwiseKind { Copy, Relu, Add, Sub, ReverseSub, Mul, Div, ReverseDiv, Min, Max, PRelu };
const char* to_string(ElementwiseKind kind);
inline int operand_count(ElementwiseKind kind) {
  return kind == ElementwiseKind::Copy || kind == ElementwiseKind::Relu ? 1 : 2;
}

/// An element-wise operator on given grids. Real meaning: y = zero_point + (m0 (a - z_a) + m1 (b - z_b))
/// / 2^shift, with one rounding; m0 and m1 are the scales over the output's, as multipliers of
/// `multiplier_bits` with a common shift (m1 negative for Sub, m0 for ReverseSub). Mul: y = zero_point + m0
/// (a - z_a)(b - z_b) / 2^shift. Div: y = zero_point + m0 (a - z_a) / ((b - z_b) 2^shift); by zero it is the
/// end of the grid, and 0 / 0 is 0. Min and Max choose between the two products. PRelu takes m0 (a - z_a), or
/// m1 (a - z_a)(b - z_b) below zero. A Copy onto float32 has no multipliers: its result is the number itself,
/// (a - z_a) times the scale, rounded to float32 once.
struct ElementwisePlan {
  ElementwiseKind kind = ElementwiseKind::Copy;
  std::vector<Quantisation> in;
  Quantisation out;
  Rounding rounding = Rounding::HalfEven;
  std::vector<std::int64_t> multipliers;
  int shift = 0;
  std::int64_t lowest = -128, highest = 127;  ///< narrowed by a fused Relu or Clip
  bool beyond_64_bits = false;  ///< products with zero points far out: elementwise_int16 runs it
};
/// Whether any side is int16: kernels/vector/vector_int16.h runs such plans.
inline bool takes_int16(const ElementwisePlan& plan) {
  bool any = plan.out.dtype == DType::Int16;
  for (const Quantisation& grid : plan.in) any = any || grid.dtype == DType::Int16;
  return any;
}

/// Bytes of the widest side's elements, of which lanes hold so many fewer.
inline int widest_bytes(const ElementwisePlan& plan) {
  int bytes = byte_size(plan.out.dtype);
  for (const Quantisation& grid : plan.in) bytes = std::max(bytes, byte_size(grid.dtype));
  return bytes;
}

/// `multiplier_bits` are those where all is int8; any int16 brings further ones (affine_int16.h). Throws
/// std::invalid_argument for zero points too far out, and for another kind than Copy onto float32.
ElementwisePlan plan_elementwise(ElementwiseKind kind, const std::vector<Quantisation>& in,
                                 const Quantisation& out, int multiplier_bits, Rounding rounding);

/// How the second operand repeats: element i takes value i / run % count of it; a count of 0 repeats nothing.
struct Broadcast {
  std::int64_t run = 1, count = 0;
  std::int64_t at(std::int64_t i) const { return count == 0 ? i / run : i / run % count; }
};

/// Elements of a second operand that repeats so over `elements`.
inline std::int64_t second_elements(const Broadcast& broadcast, std::int64_t elements) {
  return broadcast.count > 0 ? broadcast.count : ceil_div(elements, broadcast.run);
}

/// n / d rounded to a whole number; beyond every grid where d is 0 and n is not.
std::int64_t quotient(Int128 n, Int128 d, Rounding rounding);

/// `count` codes; `b` is unused where there is one operand. `y` may be `a`.
void elementwise_int8(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b,
                      std::int64_t count, std::int8_t* y, const Broadcast& broadcast = {});

/// A Copy onto float32: `count` numbers.
void elementwise_float32(const ElementwisePlan& plan, const std::int16_t* a, std::int64_t count, float* y);

/// The infinitely precise result of the same codes, rounded once; not of copies onto float32.
std::vector<std::int64_t> ideal_elementwise(const ElementwisePlan& plan,
                                            const std::vector<std::vector<std::int64_t>>& operands,
                                            const Broadcast& broadcast = {});

}  // namespace bpusim
