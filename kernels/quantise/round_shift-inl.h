// round_shift64() in vectors, for the files that Highway compiles once an instruction set: sums of 64 bits
// onto an int8 grid. The portable fallback, whose vectors have one lane, goes without.
#if defined(BPUSIM_ROUND_SHIFT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BPUSIM_ROUND_SHIFT_INL_H_
#undef BPUSIM_ROUND_SHIFT_INL_H_
#else
#define BPUSIM_ROUND_SHIFT_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/quantise/requantise.h"

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR
namespace {

using Sums32 = hwy::HWY_NAMESPACE::ScalableTag<std::int32_t>;
using D64 = hwy::HWY_NAMESPACE::Repartition<std::int64_t, Sums32>;
using V64 = hwy::HWY_NAMESPACE::Vec<D64>;

// A sum onto a grid. With rest = x mod 2^shift the rounded result is floor + 1 exactly where rest + nudge
// reaches 2^shift; the nudge is half for HalfUp, half - 1 + (floor odd) for HalfEven, 0 for Truncate. All of
// that stays below 2^63, since rest and half do below 2^62.
class Onto {
 public:
  Onto(int shift, Rounding rounding, const CodeRange& range) : bits_(shift) {
    namespace hn = hwy::HWY_NAMESPACE;
    const D64 d;
    const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
    const bool even = rounding == Rounding::HalfEven && shift > 0;
    mask_ = hn::Set(d, (std::int64_t{1} << shift) - 1);
    nudge_ = hn::Set(d, even ? half - 1 : rounding == Rounding::HalfUp ? half : 0);
    odd_ = hn::Set(d, even ? 1 : 0);
    zero_ = hn::Set(d, range.zero_point);
    lowest_ = hn::Set(d, range.lowest);
    highest_ = hn::Set(d, range.highest);
  }

  HWY_INLINE V64 code(V64 x) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const V64 floor = hn::ShiftRightSame(x, bits_);
    const V64 sum = hn::Add(hn::Add(hn::And(x, mask_), nudge_), hn::And(floor, odd_));
    // The sum is not negative: its logical shift, which every machine has, is its arithmetic one.
    const hn::RebindToUnsigned<D64> without_sign;
    const V64 carry = hn::BitCast(D64(), hn::ShiftRightSame(hn::BitCast(without_sign, sum), bits_));
    return hn::Min(hn::Max(hn::Add(hn::Add(floor, carry), zero_), lowest_), highest_);
  }

 private:
  V64 mask_, nudge_, odd_, zero_, lowest_, highest_;
  int bits_;
};

// Lanes 1, 3, 5 ... where MulEven looks for them.
HWY_INLINE hwy::HWY_NAMESPACE::Vec<Sums32> odd_lanes(hwy::HWY_NAMESPACE::Vec<Sums32> v) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::BitCast(Sums32(), hn::ShiftRight<32>(hn::BitCast(D64(), v)));
}

// Codes of even and of odd lanes, in order.
HWY_INLINE void store_codes(V64 even, V64 odd, std::int8_t* out) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<std::int8_t, Sums32> d8;
  const auto both = hn::OddEven(hn::BitCast(Sums32(), hn::ShiftLeft<32>(odd)), hn::BitCast(Sums32(), even));
  hn::StoreU(hn::DemoteTo(d8, both), d8, out);
}

}  // namespace
#endif
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#endif  // include guard, once an instruction set
