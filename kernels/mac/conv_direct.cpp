#include "kernels/mac/conv_direct.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/mac/conv_direct.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// `vectors` accumulators side by side share each weight.
template <int vectors, class D, class T = hn::TFromD<D>>
HWY_INLINE void run(D d, const TapSums<T>& s, std::int64_t at, T* out) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<D> sum[vectors];
  HWY_UNROLL(4)
  for (int v = 0; v < vectors; ++v) sum[v] = hn::LoadU(d, out + at + v * lanes);
  for (std::int64_t t = 0; t < s.taps; ++t) {
    const hn::Vec<D> w = hn::Set(d, s.weights[t]);
    const T* in = s.inputs + s.offsets[t] + at;
    HWY_UNROLL(4)
    for (int v = 0; v < vectors; ++v) {
      if constexpr (hwy::IsFloat<T>()) {
        sum[v] = hn::MulAdd(w, hn::LoadU(d, in + v * lanes), sum[v]);
      } else {
        sum[v] = hn::Add(sum[v], hn::Mul(w, hn::LoadU(d, in + v * lanes)));
      }
    }
  }
  HWY_UNROLL(4)
  for (int v = 0; v < vectors; ++v) hn::StoreU(sum[v], d, out + at + v * lanes);
}

template <class D, class T = hn::TFromD<D>>
void add(D d, const TapSums<T>& s, std::int64_t n, T* out) {
  static_assert(hn::MaxLanes(D()) <= kTapSlack);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t at = 0;
  for (; at + 3 * lanes < n; at += 4 * lanes) run<4>(d, s, at, out);
  for (; at < n; at += lanes) run<1>(d, s, at, out);
}

void add_doubles(const TapSums<double>& s, std::int64_t n, double* out) {
  add(hn::ScalableTag<double>(), s, n, out);
}

void add_integers(const TapSums<std::int32_t>& s, std::int64_t n, std::int32_t* out) {
  add(hn::ScalableTag<std::int32_t>(), s, n, out);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(add_doubles);
HWY_EXPORT(add_integers);

void add_taps(const TapSums<double>& taps, std::int64_t n, double* out) {
  HWY_DYNAMIC_DISPATCH(add_doubles)(taps, n, out);
}

void add_taps(const TapSums<std::int32_t>& taps, std::int64_t n, std::int32_t* out) {
  HWY_DYNAMIC_DISPATCH(add_integers)(taps, n, out);
}

}  // namespace bpusim
#endif
