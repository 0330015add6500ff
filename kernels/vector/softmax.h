// Softmax and its logarithm over rows, in integers: a table of exponentials, an exact sum, then one division,
// or the sum's logarithm from a table.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/quantise/fixed_point.h"
#include "kernels/quantise/quantise.h"

namespace bpusim {

/// What softmax_int16 takes in place of the tables of int8.
struct WideSoftmax {
  std::vector<std::int64_t> fine;    ///< exp(-scale * d) * 2^42, by d
  std::vector<std::int64_t> coarse;  ///< exp(-scale * 256 k) * 2^42, by k
  std::int64_t reciprocal = 0;       ///< 1 / output scale = reciprocal * 2^(reciprocal_exponent - 46)
  int reciprocal_exponent = 0;
  Int128 ratio = 0;  ///< of the input's scale to the output's, in 44 fraction bits
};

struct SoftmaxPlan {
  Quantisation in, out;
  std::array<std::uint32_t, 256>
      exponential{};                ///< exp(-scale * d) * 2^30, by distance d from the row's maximum
  std::int64_t reciprocal_q20 = 0;  ///< 2^20 / output scale
  bool logarithm = false;           ///< LogSoftmax
  std::int64_t scale_q40 = 0;       ///< LogSoftmax: input scale * 2^40
  WideSoftmax wide;                 ///< where a side is int16
};
/// Whether a side is int16: kernels/vector/softmax_int16.h runs such plans.
inline bool takes_int16(const SoftmaxPlan& plan) {
  return plan.in.dtype == DType::Int16 || plan.out.dtype == DType::Int16;
}
SoftmaxPlan plan_softmax(const Quantisation& in, const Quantisation& out, bool logarithm = false);

/// How rows lie: an element every `stride` codes; `stride` rows side by side.
struct SoftmaxRowShape {
  std::int64_t elements = 1, stride = 1;

  /// The first element of row `r`.
  std::int64_t first_of(std::int64_t r) const { return r / stride * elements * stride + r % stride; }
};

/// y = zero_point + round(e / (sum * scale)), ties to even; for the logarithm zero_point + round((x - largest
/// - ln(sum)) / scale), with ln from a table of 256 segments and linear interpolation (error below 2^-18).
/// `y` may be `x`.
void softmax_int8(const SoftmaxPlan& plan, const std::int8_t* x, std::int64_t rows,
                  const SoftmaxRowShape& shape, std::int8_t* y);

/// The infinitely precise result of the same codes, rounded once.
std::vector<std::int64_t> ideal_softmax(const SoftmaxPlan& plan, const std::vector<std::int64_t>& codes,
                                        const SoftmaxRowShape& shape);

}  // namespace bpusim
