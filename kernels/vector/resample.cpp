#include "kernels/vector/resample.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/quantise/affine_entry.h"

namespace bpusim {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("Resize: " + what);
}

// Each output of an axis has its taps in a table.
constexpr std::int64_t kLongestAxis = std::int64_t{1} << 22;

// How coordinates of the output meet those of the input, and how inputs are weighted.
struct Mode {
  std::string mode, coordinates, nearest;
  double cubic = -0.75;
  bool exclude_outside = false, antialias = false;
};

// What one axis asks for.
struct AxisScale {
  std::int64_t in = 1, out = 1;
  double scale = 1;
  double roi_begin = 0, roi_end = 1;
};

double source_of(const std::string& mode, std::int64_t i, const AxisScale& a) {
  // The output's width before it is cut to whole elements, as ONNX's definition has it.
  const auto x = static_cast<double>(i), in = static_cast<double>(a.in);
  const double out = a.scale * in;
  if (mode == "half_pixel") return (x + 0.5) / a.scale - 0.5;
  if (mode == "half_pixel_symmetric") {
    const double adjustment = static_cast<double>(a.out) / out;
    return in / 2 * (1 - adjustment) + (x + 0.5) / a.scale - 0.5;
  }
  if (mode == "pytorch_half_pixel") return a.out > 1 ? (x + 0.5) / a.scale - 0.5 : 0.0;
  if (mode == "asymmetric") return x / a.scale;
  if (mode == "align_corners") return a.out > 1 ? x * (in - 1) / (out - 1) : 0.0;
  if (mode == "tf_crop_and_resize")
    return a.out > 1 ? a.roi_begin * (in - 1) + x * (a.roi_end - a.roi_begin) * (in - 1) / (out - 1)
                     : 0.5 * (a.roi_begin + a.roi_end) * (in - 1);
  refuse("coordinate mode " + mode + " is not known");
}

double nearest_of(const std::string& mode, double x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  if (mode == "round_prefer_floor") return std::ceil(x - 0.5);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5);
  refuse("nearest mode " + mode + " is not known");
}

double cubic_weight(double distance, double a) {
  const double x = std::abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

// Taps around the coordinate: reach inputs on each side, further apart where antialiasing widens the filter.
void add_taps(const Mode& mode, double x, const AxisScale& a, AxisTaps& taps) {
  if (mode.mode == "nearest") {
    const auto at = static_cast<std::int64_t>(nearest_of(mode.nearest, x));
    taps.index.push_back(std::clamp<std::int64_t>(at, 0, a.in - 1));
    taps.weight.push_back(1);
    return;
  }
  const double squeeze = mode.antialias ? std::min(a.scale, 1.0) : 1.0;
  const double base = std::floor(x), ratio = x - base;
  const std::int64_t first = taps.taps / 2 - 1;
  double total = 0;
  const std::size_t begin = taps.weight.size();
  for (std::int64_t t = 0; t < taps.taps; ++t) {
    const double distance = (static_cast<double>(t - first) - ratio) * squeeze;
    double weight =
        mode.mode == "cubic" ? cubic_weight(distance, mode.cubic) : std::max(0.0, 1 - std::abs(distance));
    const std::int64_t at = static_cast<std::int64_t>(base) + t - first;
    if (mode.exclude_outside && (at < 0 || at >= a.in)) weight = 0;
    taps.index.push_back(std::clamp<std::int64_t>(at, 0, a.in - 1));
    taps.weight.push_back(weight);
    total += weight;
  }
  for (std::size_t i = begin; i < taps.weight.size() && total != 0; ++i) taps.weight[i] /= total;
}

AxisTaps taps_of(const Mode& mode, const AxisScale& a) {
  AxisTaps taps;
  taps.in = a.in;
  taps.out = a.out;
  if (a.in == a.out && a.scale == 1 && mode.coordinates != "tf_crop_and_resize") {
    for (std::int64_t i = 0; i < a.out; ++i) taps.index.push_back(i);
    taps.weight.assign(static_cast<std::size_t>(a.out), 1);
    return taps;
  }
  if (mode.mode != "nearest") {
    const double reach = mode.mode == "cubic" ? 2 : 1,
                 squeeze = mode.antialias ? std::min(a.scale, 1.0) : 1.0;
    taps.taps = 2 * static_cast<std::int64_t>(std::ceil(reach / squeeze));
  }
  const bool crops = mode.coordinates == "tf_crop_and_resize";
  for (std::int64_t i = 0; i < a.out; ++i) {
    const double x = source_of(mode.coordinates, i, a);
    if (crops) taps.outside.push_back(x < 0 || x > static_cast<double>(a.in - 1) ? 1 : 0);
    add_taps(mode, x, a, taps);
  }
  return taps;
}

// Scales and output extents of all axes, from scales or sizes.
std::vector<AxisScale> scales_of(const Attributes& at, const Shape& x, const Tensor& roi,
                                 const Tensor& scales, const Tensor& sizes) {
  std::vector<AxisScale> axes(x.size());
  std::vector<std::int64_t> chosen = at.get("axes", std::vector<std::int64_t>{});
  if (chosen.empty())
    for (std::size_t d = 0; d < x.size(); ++d) chosen.push_back(static_cast<std::int64_t>(d));
  for (std::size_t d = 0; d < x.size(); ++d) axes[d].in = axes[d].out = x[d];
  const Tensor& given = scales.size() > 0 ? scales : sizes;
  if (given.values.size() != chosen.size()) refuse("needs a scale or a size for each axis");
  const bool by_size = scales.size() == 0;
  const std::string policy = at.get("keep_aspect_ratio_policy", std::string("stretch"));
  double common = 0;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    const std::int64_t axis = chosen[k] < 0 ? chosen[k] + static_cast<std::int64_t>(x.size()) : chosen[k];
    if (axis < 0 || axis >= static_cast<std::int64_t>(x.size()))
      refuse("axes hold " + std::to_string(chosen[k]));
    chosen[k] = axis;
    const double ratio = given.values[k] / static_cast<double>(x[static_cast<std::size_t>(axis)]);
    common = k == 0 ? ratio : policy == "not_larger" ? std::min(common, ratio) : std::max(common, ratio);
  }
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    AxisScale& a = axes[static_cast<std::size_t>(chosen[k])];
    const auto in = static_cast<double>(a.in);
    if (!by_size) {
      a.scale = given.values[k];
      a.out = static_cast<std::int64_t>(std::floor(in * a.scale));
    } else if (policy == "stretch") {
      a.out = static_cast<std::int64_t>(given.values[k]);
      a.scale = static_cast<double>(a.out) / in;
    } else {
      a.scale = common;
      a.out = static_cast<std::int64_t>(std::floor(in * common + 0.5));
    }
    if (a.out < 1) refuse("nothing is left of axis " + std::to_string(chosen[k]));
    if (roi.values.size() == 2 * chosen.size()) {
      a.roi_begin = roi.values[k];
      a.roi_end = roi.values[k + chosen.size()];
    }
  }
  return axes;
}

}  // namespace

bool AxisTaps::identity() const {
  if (in != out || !outside.empty()) return false;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const bool own = index[i] == static_cast<std::int64_t>(i) / taps;
    if (weight[i] != (own ? 1 : 0)) return false;
  }
  return true;
}

Shape Resize::shape() const {
  Shape shape;
  for (const AxisTaps& axis : axes) shape.push_back(axis.out);
  return shape;
}

Resize resolve_resize(const std::string& op, const Attributes& at, const Shape& x,
                      const std::vector<Tensor>& c) {
  const bool old = op == "Upsample" || c.size() == 1;  // one constant: the scales
  const Tensor none({0}, {});
  const auto constant = [&](std::size_t i) -> const Tensor& { return i < c.size() ? c[i] : none; };
  Mode mode;
  mode.mode = at.get("mode", std::string("nearest"));
  if (mode.mode == "bilinear") mode.mode = "linear";
  if (mode.mode != "nearest" && mode.mode != "linear" && mode.mode != "cubic")
    refuse("mode " + mode.mode + " is none of nearest, linear, cubic");
  mode.coordinates = at.get("coordinate_transformation_mode", std::string(old ? "asymmetric" : "half_pixel"));
  mode.nearest = at.get("nearest_mode", std::string(old ? "floor" : "round_prefer_floor"));
  mode.cubic = at.get("cubic_coeff_a", -0.75);
  mode.exclude_outside = at.get("exclude_outside", std::int64_t{0}) != 0;
  mode.antialias = at.get("antialias", std::int64_t{0}) != 0;
  Resize resize;
  resize.extrapolation = at.get("extrapolation_value", 0.0);
  for (const AxisScale& axis :
       scales_of(at, x, old ? none : constant(0), constant(old ? 0 : 1), constant(2))) {
    if (axis.out > kLongestAxis)
      throw NotRun(op + ": an axis of " + std::to_string(axis.out) + " elements, of at most " +
                   std::to_string(kLongestAxis) + " that are run");
    resize.axes.push_back(taps_of(mode, axis));
  }
  return resize;
}

std::vector<double> apply_resize(const Resize& resize, const std::vector<double>& x) {
  std::vector<double> values = x;
  std::int64_t inner = 1, outer = static_cast<std::int64_t>(x.size());
  for (std::size_t d = resize.axes.size(); d-- > 0;) {
    const AxisTaps& axis = resize.axes[d];
    outer /= axis.in;
    if (axis.identity()) {
      inner *= axis.out;
      continue;
    }
    std::vector<double> next(static_cast<std::size_t>(outer * axis.out * inner), 0);
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < axis.out; ++i) {
        double* y = next.data() + (o * axis.out + i) * inner;
        if (!axis.outside.empty() && axis.outside[static_cast<std::size_t>(i)] != 0) {
          std::fill_n(y, inner, resize.extrapolation);
          continue;
        }
        for (std::int64_t t = 0; t < axis.taps; ++t) {
          const auto tap = static_cast<std::size_t>(i * axis.taps + t);
          const double* source = values.data() + (o * axis.in + axis.index[tap]) * inner;
          for (std::int64_t k = 0; k < inner; ++k) y[k] += axis.weight[tap] * source[k];
        }
      }
    values = std::move(next);
    inner *= axis.out;
  }
  return values;
}

namespace {

// Rounded so that they add up to one: what is missing goes to the largest.
std::vector<std::int64_t> rounded_weights(const AxisTaps& axis, int bits) {
  std::vector<std::int64_t> weights;
  for (std::size_t begin = 0; begin < axis.weight.size(); begin += static_cast<std::size_t>(axis.taps)) {
    std::int64_t rest = std::int64_t{1} << bits;
    std::size_t largest = begin;
    for (std::size_t t = begin; t < begin + static_cast<std::size_t>(axis.taps); ++t) {
      weights.push_back(std::llround(std::ldexp(axis.weight[t], bits)));
      rest -= weights.back();
      if (axis.weight[t] > axis.weight[largest]) largest = t;
    }
    if (axis.weight[largest] == 0) refuse("an output lies where no input has a weight");
    weights[largest] += rest;
  }
  return weights;
}

AxisWeights weights_of(const AxisTaps& axis) {
  constexpr int kMore = ResamplePlan::kWeightBits - ResamplePlan::kCoarseBits;
  AxisWeights weights{rounded_weights(axis, ResamplePlan::kWeightBits),
                      rounded_weights(axis, ResamplePlan::kCoarseBits)};
  for (std::size_t i = 0; i < weights.fine.size(); ++i)
    weights.exact = weights.exact && weights.fine[i] == weights.coarse[i] * (std::int64_t{1} << kMore);
  return weights;
}

// The code of a sum whose weights have kWeightBits an axis.
std::int64_t code_of(Int128 sum, const ResamplePlan& plan) {
  constexpr int kFraction = 2 * ResamplePlan::kWeightBits;
  const Int128 above = sum - plan.grid.zero_point * (Int128{1} << kFraction);
  const Int128 settled = round_shift(above, kFraction - ResamplePlan::kTieBits, Rounding::HalfEven);
  return static_cast<std::int64_t>(round_shift(settled, ResamplePlan::kTieBits, plan.rounding));
}

// One row of a plane, from the rows of the input that it lies between.
template <class Code>
class RowResampler {
 public:
  explicit RowResampler(const ResamplePlan& plan)
      : plan_(plan),
        coarse_(sizeof(Code) == 1 && std::abs(plan.grid.zero_point) < kFarZero),
        blended_(static_cast<std::size_t>(plan.columns.in)),
        margin_(margin_of(plan)) {}

  /// `plane` begins with row `first` of the input.
  void blend(const Code* plane, std::int64_t first, std::int64_t row) {
    const AxisTaps& rows = plan_.rows;
    plane_ = plane - first * plan_.columns.in;
    row_ = row;
    std::fill(blended_.begin(), blended_.end(), 0);
    for (std::int64_t a = row * rows.taps; a < (row + 1) * rows.taps; ++a) {
      const auto tap = static_cast<std::size_t>(a);
      const Code* source = plane_ + rows.index[tap] * plan_.columns.in;
      const std::int64_t weight = (coarse_ ? plan_.row_weights.coarse : plan_.row_weights.fine)[tap];
      for (std::size_t i = 0; i < blended_.size(); ++i) blended_[i] += weight * source[i];
    }
  }

  /// Above the zero point.
  std::int64_t code(std::int64_t column) const {
    if (!coarse_) return code_of(sum_of<Int128>(column, plan_.column_weights.fine), plan_);
    constexpr int kFraction = 2 * ResamplePlan::kCoarseBits;
    const auto sum = sum_of<std::int64_t>(column, plan_.column_weights.coarse);
    const std::int64_t half = std::int64_t{1} << (kFraction - 1), beyond = sum & (half - 1);
    if (beyond < margin_ || half - beyond < margin_) return code_of(exact_sum(column), plan_);
    return round_shift64(sum - plan_.grid.zero_point * (std::int64_t{1} << kFraction), kFraction,
                         plan_.rounding);
  }

 private:
  static constexpr std::int64_t kFarZero = 1 << 20;  // beyond, sums that it is taken from need over 64 bits

  // How far a sum of coarse weights may be off, of codes to 128: half a last bit for each tap, and as much
  // for the tap that takes what is missing to one.
  static std::int64_t margin_of(const ResamplePlan& plan) {
    if (plan.row_weights.exact && plan.column_weights.exact) return 0;
    constexpr int kCodeBits = 8;  // to 128, times what the other axis' weights add up to: 1.4 of a cubic
    return (plan.rows.taps + plan.columns.taps) << (ResamplePlan::kCoarseBits + kCodeBits);
  }

  template <class Sum>
  Sum sum_of(std::int64_t column, const std::vector<std::int64_t>& weights) const {
    const AxisTaps& columns = plan_.columns;
    Sum sum = 0;
    for (std::int64_t b = column * columns.taps; b < (column + 1) * columns.taps; ++b) {
      const auto tap = static_cast<std::size_t>(b);
      sum += Sum{weights[tap]} * blended_[static_cast<std::size_t>(columns.index[tap])];
    }
    return sum;
  }

  Int128 exact_sum(std::int64_t column) const {
    const AxisTaps &rows = plan_.rows, &columns = plan_.columns;
    Int128 sum = 0;
    for (std::int64_t a = row_ * rows.taps; a < (row_ + 1) * rows.taps; ++a)
      for (std::int64_t b = column * columns.taps; b < (column + 1) * columns.taps; ++b) {
        const auto r = static_cast<std::size_t>(a), c = static_cast<std::size_t>(b);
        sum += Int128{plan_.row_weights.fine[r]} * plan_.column_weights.fine[c] *
               plane_[rows.index[r] * columns.in + columns.index[c]];
      }
    return sum;
  }

  const ResamplePlan& plan_;
  const bool coarse_;
  std::vector<std::int64_t> blended_;
  const std::int64_t margin_;
  const Code* plane_ = nullptr;
  std::int64_t row_ = 0;
};

}  // namespace

ResamplePlan plan_resample(const Resize& resize, const Quantisation& grid, Rounding rounding) {
  ResamplePlan plan;
  plan.grid = grid;
  plan.rounding = rounding;
  for (std::size_t d = 0; d < resize.axes.size(); ++d) {
    const AxisTaps& axis = resize.axes[d];
    if (std::count(axis.outside.begin(), axis.outside.end(), 1) > 0)
      refuse("values beyond the input are extrapolated");
    if (d + 1 == resize.axes.size()) {
      plan.columns = axis;
    } else if (d + 2 == resize.axes.size()) {
      plan.rows = axis;
    } else if (!axis.identity()) {
      refuse("an axis before the last two is resized");
    } else {
      plan.planes *= axis.out;
    }
  }
  if (resize.axes.size() < 2) {
    plan.rows.index = {0};
    plan.rows.weight = {1};
  }
  plan.row_weights = weights_of(plan.rows);
  plan.column_weights = weights_of(plan.columns);
  return plan;
}

ResampleTile resample_tile(const ResamplePlan& plan, std::int64_t planes, std::int64_t out_row,
                           std::int64_t out_rows) {
  const auto begin = plan.rows.index.begin() + out_row * plan.rows.taps;
  const auto [first, last] = std::minmax_element(begin, begin + out_rows * plan.rows.taps);
  return {planes, out_row, out_rows, *first, *last - *first + 1};
}

template <class Code>
void resample_codes(const ResampleTile& t, const ResamplePlan& plan, const Code* x, Code* y) {
  RowResampler<Code> rows(plan);
  for (std::int64_t p = 0; p < t.planes; ++p)
    for (std::int64_t r = t.out_row; r < t.out_row + t.out_rows; ++r) {
      rows.blend(x + p * t.in_rows * plan.columns.in, t.in_row, r);
      for (std::int64_t c = 0; c < plan.columns.out; ++c)
        *y++ = static_cast<Code>(
            std::clamp(rows.code(c) + plan.grid.zero_point, plan.grid.lowest(), plan.grid.highest()));
    }
}
template void resample_codes(const ResampleTile&, const ResamplePlan&, const std::int8_t*, std::int8_t*);
template void resample_codes(const ResampleTile&, const ResamplePlan&, const std::int16_t*, std::int16_t*);

}  // namespace bpusim
