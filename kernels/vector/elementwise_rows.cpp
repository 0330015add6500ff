#include "kernels/vector/elementwise_rows.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/elementwise_rows.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/quantise/round_shift-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {

// Whole vectors only; returns how many pairs were taken.
std::int64_t map_vectors([[maybe_unused]] const PairMap& map, [[maybe_unused]] const std::int8_t* a,
                         [[maybe_unused]] const std::int8_t* b, [[maybe_unused]] std::int64_t count,
                         [[maybe_unused]] std::int8_t* y) {
  std::int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  namespace hn = hwy::HWY_NAMESPACE;
  const Sums32 d32;
  const hn::Rebind<std::int8_t, Sums32> d8;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d32));
  const Onto onto(map.shift, map.rounding, map.range);
  const auto first = hn::Set(d32, map.first), second = hn::Set(d32, map.second);
  const auto zero_a = hn::Set(d32, map.zero_a), zero_b = hn::Set(d32, map.zero_b);
  const V64 constant = hn::Set(D64(), map.constant);
  for (; i + lanes <= count; i += lanes) {
    const auto va = hn::PromoteTo(d32, hn::LoadU(d8, a + i)), vb = hn::PromoteTo(d32, hn::LoadU(d8, b + i));
    if (map.product) {
      const auto both = hn::Mul(hn::Sub(va, zero_a), hn::Sub(vb, zero_b));
      store_codes(onto.code(hn::MulEven(both, first)), onto.code(hn::MulEven(odd_lanes(both), first)), y + i);
      continue;
    }
    const auto sum = [&](hn::Vec<Sums32> x, hn::Vec<Sums32> w) {
      return hn::Add(hn::Add(hn::MulEven(x, first), hn::MulEven(w, second)), constant);
    };
    store_codes(onto.code(sum(va, vb)), onto.code(sum(odd_lanes(va), odd_lanes(vb))), y + i);
  }
#endif
  return i;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(map_vectors);

void map_pairs(const PairMap& map, const std::int8_t* a, const std::int8_t* b, std::int64_t count,
               std::int8_t* y) {
  for (std::int64_t i = HWY_DYNAMIC_DISPATCH(map_vectors)(map, a, b, count, y); i < count; ++i) {
    const std::int64_t sum =
        map.product ? std::int64_t{map.first} * ((a[i] - map.zero_a) * (b[i] - map.zero_b))
                    : std::int64_t{map.first} * a[i] + std::int64_t{map.second} * b[i] + map.constant;
    const std::int64_t code = round_shift64(sum, map.shift, map.rounding) + map.range.zero_point;
    y[i] = static_cast<std::int8_t>(std::clamp(code, map.range.lowest, map.range.highest));
  }
}

}  // namespace bpusim
#endif
