#include "kernels/quantise/quantise_rows.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/cpu/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantise/quantise_rows.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using D32 = hn::Rebind<std::int32_t, D>;
using D8 = hn::Rebind<std::int8_t, D>;
using V = hn::Vec<D>;

// Code of each value, with quantise()'s own operations in its own order: a division, ties to even, the zero
// point, the clamp. A NaN comes out as one.
struct Grid {
  explicit Grid(const Quantisation& g)
      : scale(hn::Set(D(), g.scale)),
        zero(hn::Set(D(), static_cast<double>(g.zero_point))),
        lowest(hn::Set(D(), static_cast<double>(g.lowest()))),
        highest(hn::Set(D(), static_cast<double>(g.highest()))) {}
  HWY_INLINE V code(V v) const {
    return hn::Min(hn::Max(hn::Add(hn::Round(hn::Div(v, scale)), zero), lowest), highest);
  }
  V scale, zero, lowest, highest;
};

// Whole vectors only; returns how many values were taken, or -1 at a NaN.
std::int64_t to_int8(const double* values, std::int64_t count, const Quantisation& grid, std::int8_t* codes) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Grid g(grid);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V v = hn::LoadU(d, values + i);
    if (!hn::AllTrue(d, hn::Eq(v, v))) return -1;
    hn::StoreU(hn::DemoteTo(D8(), hn::DemoteTo(D32(), g.code(v))), D8(), codes + i);
  }
  return i;
}

double largest(const double* values, std::int64_t count) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V found = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V v = hn::Abs(hn::LoadU(d, values + i));
    found = hn::IfThenElse(hn::Gt(v, found), v, found);  // false for NaN
  }
  HWY_ALIGN double each[hn::MaxLanes(D())];
  hn::Store(found, d, each);
  double result = 0;
  for (std::int64_t k = 0; k < lanes; ++k) result = std::max(result, each[k]);
  for (; i < count; ++i) result = std::max(result, std::abs(values[i]));
  return result;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(to_int8);
HWY_EXPORT(largest);

void quantise_int8(const double* values, std::int64_t count, const Quantisation& grid, std::int8_t* codes) {
  if (grid.dtype != DType::Int8) throw std::invalid_argument("quantise_int8: the grid is not of int8");
  const std::int64_t done =
      std::max<std::int64_t>(0, HWY_DYNAMIC_DISPATCH(to_int8)(values, count, grid, codes));
  for (std::int64_t i = done; i < count;
       ++i)  // and all of them where one is NaN, which the first call throws
    codes[i] = static_cast<std::int8_t>(quantise(values[i], grid));
}

std::vector<std::int8_t> quantise_int8(const std::vector<double>& values, const Quantisation& grid) {
  std::vector<std::int8_t> codes(values.size());
  quantise_int8(values.data(), static_cast<std::int64_t>(values.size()), grid, codes.data());
  return codes;
}

double largest_magnitude(const double* values, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(largest)(values, count);
}

}  // namespace bpusim
#endif
