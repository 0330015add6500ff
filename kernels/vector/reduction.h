// Reductions of codes over sets: exact sums (or the largest and smallest code), then one rounding onto the
// output's grid.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/norms/datapath.h"
#include "kernels/quantise/affine_entry.h"
#include "kernels/quantise/quantise.h"

namespace bpusim {

enum class ReductionKind { Sum, Mean, L1, SumSquare, L2, Max, Min };

/// What a reduction leaves of a set, before its result is rounded: sum over (q - z), |q - z| or (q - z)^2, or
/// the code itself.
using Partial = std::int64_t;

/// A reduction on given grids, int8 or int16. With s and t the scales of input and output: Sum, L1, Max and
/// Min y = zero_point + partial * s / t (of a code its distance from zero), Mean divides by the count,
/// SumSquare has s^2 for s, L2 is sqrt(partial) * s / t. One rounding.
struct ReductionPlan {
  ReductionKind kind = ReductionKind::Sum;
  Quantisation in, out;
  Rounding rounding = Rounding::HalfEven;
  AffineEntry entry;           ///< of all but L2
  std::int64_t root_gain = 0;  ///< L2: (s / t)^2 is root_gain / 2^(2 * root_shift)
  int root_shift = 0;
};
/// `count` elements a set. Throws std::invalid_argument where the sums' grid is beyond reach.
ReductionPlan plan_reduction(ReductionKind kind, std::int64_t count, const Quantisation& in,
                             const Quantisation& out, int multiplier_bits, Rounding rounding);

/// One partial a set of the tile, from scratch or onto what is there. Codes are std::int8_t or std::int16_t,
/// as the plan's grids have it.
template <class Code>
void reduce_codes(const NormTile& tile, const ReductionPlan& plan, const Code* codes, Partial* partials,
                  bool accumulate);

template <class Code>
void finish_reduction(const ReductionPlan& plan, const Partial* partials, std::int64_t sets, Code* y);

/// The infinitely precise result of the same codes, rounded once; `whole` is the tensor as one tile.
std::vector<std::int64_t> ideal_reduction(const ReductionPlan& plan, const NormTile& whole,
                                          const std::vector<std::int64_t>& codes);

}  // namespace bpusim
