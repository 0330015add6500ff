#include "kernels/quantise_rows.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantise_rows.cpp"
#include "kernels/simd_targets.h"
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

// Errors squared, in place.
std::int64_t to_squared_errors(double* values, std::int64_t count, const Quantisation& grid) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Grid g(grid);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V v = hn::LoadU(d, values + i);
    if (!hn::AllTrue(d, hn::Eq(v, v))) return -1;
    const V error = hn::Sub(hn::Mul(g.scale, hn::Sub(g.code(v), g.zero)), v);
    hn::StoreU(hn::Mul(error, error), d, values + i);
  }
  return i;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(to_int8);
HWY_EXPORT(largest);
HWY_EXPORT(to_squared_errors);

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

double squared_grid_error(const std::vector<double>& values, std::size_t step, const Quantisation& grid) {
  constexpr std::size_t kChunk = 512;
  double errors[kChunk], total = 0;
  for (std::size_t first = 0; first < values.size();) {
    std::size_t count = 0;
    for (; count < kChunk && first < values.size(); first += step) errors[count++] = values[first];
    const std::int64_t done =
        HWY_DYNAMIC_DISPATCH(to_squared_errors)(errors, static_cast<std::int64_t>(count), grid);
    if (done < 0) throw std::invalid_argument("quantise: NaN has no place on an integer grid");
    for (auto i = static_cast<std::size_t>(done); i < count; ++i) {
      const double error = dequantise(quantise(errors[i], grid), grid) - errors[i];
      errors[i] = error * error;
    }
    for (std::size_t i = 0; i < count; ++i) total += errors[i];  // one after another, on every machine
  }
  return total;
}

}  // namespace bpusim
#endif
