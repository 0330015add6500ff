// Fixed-point primitives of the integer datapath: rounding shifts and the reciprocal square root.
//
// Each one states its real-number meaning, its rounding and its range. Nothing here is stateful except
// RsqrtUnit's table, which is built once from its parameters and never changes.
#pragma once

#include <cstdint>
#include <vector>

namespace bpusim {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

/// How a value that lies between two integers is rounded. Ties only differ; `Truncate` goes towards minus
/// infinity.
enum class Rounding { HalfEven, HalfUp, Truncate };

/// round(x / 2^shift), 0 <= shift <= 126. Exact ties follow `rounding`.
Int128 round_shift(Int128 x, int shift, Rounding rounding);

/// round(numerator / denominator), denominator > 0. Exact ties follow `rounding`.
Int128 round_div(Int128 numerator, Int128 denominator, Rounding rounding);

/// Widths of the reciprocal-square-root unit; the defaults are the ones that docs/numerics.md measures.
struct RsqrtParams {
  int table_entries = 64;  ///< segments of linear interpolation over [1, 4); a positive number
  int newton_steps = 1;    ///< 0 to 4
  int bits = 30;           ///< fraction bits of table, interpolation and result; 8 to 46
};

/// mantissa * 2^exponent; the mantissa carries `RsqrtParams::bits` fraction bits and lies in (1/2, 1].
struct RsqrtResult {
  std::uint64_t mantissa = 0;
  int exponent = 0;
};

/// 1/sqrt(x) of positive integers: normalise to [1, 4), look up, interpolate, refine.
class RsqrtUnit {
 public:
  explicit RsqrtUnit(const RsqrtParams& params);

  /// 1/sqrt(x) ~ mantissa * 2^(exponent - bits). x > 0; throws std::invalid_argument for x = 0.
  RsqrtResult operator()(Uint128 x) const;

  const RsqrtParams& params() const { return params_; }

 private:
  RsqrtParams params_;
  std::vector<std::uint64_t> table_;  // 1/sqrt at the segments' ends, bits fraction bits
};

}  // namespace bpusim
