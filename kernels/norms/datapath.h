// The integer datapath of all norms that run whole on the BPU: reduce, finalise, apply. Bit-exact: any tiling
// gives the same bytes.
//
// For a set of N codes q with step s and zero point z (docs/numerics.md derives the formulas):
//   reduce    S1 = sum q, S2 = sum q^2 (or sum |q - z|): exact integers
//   finalise  W = (V << E) + epsilon in the same unit, V = N*S2 - S1^2; mantissa and exponent of 1/sqrt(W)
//   apply     D = n*q - subtrahend; xhat = (D * mantissa) >> shift; y = xhat * M + B, rounded once
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norms/norm.h"
#include "kernels/quantise/affine_entry.h"
#include "kernels/quantise/fixed_point.h"
#include "kernels/quantise/quantise.h"
#include "kernels/units.h"

namespace bpusim {

/// Widths of the datapath; docs/numerics.md measures what each one costs in accuracy.
struct NumericWidths {
  RsqrtParams rsqrt;
  int epsilon_bits = 8;      ///< E, even
  int normalised_bits = 32;  ///< of xhat, with its sign
  int multiplier_bits = 31;
  int sum_bits = 40;         ///< accumulator of S1, with its sign
  int square_sum_bits = 48;  ///< accumulator of S2, with its sign
  Rounding rounding = Rounding::HalfEven;
};

/// Bits that R, xhat and epsilon have more where the result is int16. A code has 8 more; the other 8 hold
/// what sets with a small deviation and long sets lose. R takes one Newton step more.
constexpr int kInt16FinerBits = 16;

/// The widths that a result on this grid takes.
NumericWidths widths_onto(const Quantisation& out, NumericWidths widths);

/// What Reduce leaves of a set, 16 bytes in SRAM.
struct SetSums {
  std::int64_t sum = 0;         ///< S1
  std::int64_t square_sum = 0;  ///< S2, or the sum of magnitudes for Statistic::L1
};
static_assert(sizeof(SetSums) == kRecordBytes, "programs count its bytes");

/// What Finalise makes of it, 16 bytes in SRAM: xhat = ((n*q - subtrahend) * mantissa) >> shift.
struct SetScale {
  std::int64_t subtrahend = 0;
  std::uint32_t low = 0;   ///< of the mantissa: its lower 32 bits
  std::uint16_t high = 0;  ///< and those above, of int16 results
  std::int16_t shift = 0;

  std::uint64_t mantissa() const { return std::uint64_t{high} << 32 | low; }
};
static_assert(sizeof(SetScale) == kRecordBytes, "programs count its bytes");

/// The constants of one part on given grids.
struct NormPlan {
  Statistic statistic = Statistic::MeanVariance;
  EpsilonPlace epsilon_place = EpsilonPlace::InVariance;
  NumericWidths widths;
  Quantisation in, out;
  std::int64_t set_size = 1;  ///< N
  std::int64_t element_factor =
      1;                     ///< n in D = n*q - subtrahend: N where a mean or mean square is taken, else 1
  Uint128 epsilon_term = 0;  ///< in units of W, or of sqrt(W) * 2^16 for EpsilonPlace::OnDeviation
  int fraction_bits = 0;     ///< of xhat; 0 for Statistic::Given, whose affine takes the codes
  int finer = 0;             ///< of those, the ones that `entries` are not made for
  std::vector<AffineEntry> entries;
};

/// Throws std::invalid_argument where gamma or beta do not fit the widths.
NormPlan plan_norm(const NormPart& part, const Quantisation& in, const Quantisation& out,
                   const NumericWidths& widths);

/// Accumulator bits, signs included, that no set of this size can overflow.
struct AccumulatorBits {
  int sum = 0, square_sum = 0;
};
AccumulatorBits accumulator_bits(const NormPlan& plan);

/// A dense row-major box of a part's view, as it lies in SRAM. Sets count row-major over the dimensions not
/// in a set.
struct NormTile {
  struct Dim {
    std::int64_t extent = 1;
    bool in_set = false;
    std::int64_t affine_stride = 0;
  };
  std::vector<Dim> dims;
  std::int64_t set_count() const;
  std::int64_t element_count() const;
};

/// Adds the tile's codes to `sums` (one a set), starting from zero unless `accumulate`. T is int8_t or
/// int16_t. Accumulators narrower than needed wrap; the number of times comes back.
template <class T>
std::int64_t reduce_tile(const NormTile& tile, const NormPlan& plan, const T* codes, SetSums* sums,
                         bool accumulate);

/// Statistics of one set; `rsqrt` is built from plan.widths.rsqrt.
SetScale finalise_set(const NormPlan& plan, const SetSums& sums, const RsqrtUnit& rsqrt);

/// Normalised, scaled and shifted codes. `scales` holds one entry a set of the tile (unused for
/// Statistic::Given); `entries` points at the affine entry of the tile's first element. `out` may be `codes`.
template <class T>
void apply_tile(const NormTile& tile, const NormPlan& plan, const T* codes, const SetScale* scales,
                const AffineEntry* entries, T* out);

}  // namespace bpusim
