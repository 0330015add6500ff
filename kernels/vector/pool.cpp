#include "kernels/vector/pool.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/quantise/affine_int16.h"
#include "kernels/vector/vector_int16.h"

namespace bpusim {

namespace {

PoolStretch stretch_at(std::int64_t begin, std::int64_t kernel, std::int64_t step, std::int64_t extent) {
  const std::int64_t first = begin >= 0 ? begin : begin + (-begin + step - 1) / step * step;
  return {first, std::min(begin + (kernel - 1) * step + 1, extent), step};
}

// Of a window's elements along an axis, those before `end`, padding or not.
std::int64_t taps_before(std::int64_t end, std::int64_t begin, std::int64_t kernel, std::int64_t step) {
  const std::int64_t last = begin + (kernel - 1) * step;
  return last < end ? kernel : (end - begin + step - 1) / step;
}

// One output row of one plane: what lies under its windows, first down the columns, which run side by side,
// then along the row. `plane` starts at input row `first_row`. Gives one value an output in `out`.
template <class T, class Sum, class Fold>
void fold_row(const PoolProblem& problem, const T* plane, std::int64_t first_row, std::int64_t oy, Sum start,
              std::vector<Sum>& columns, Sum* out, Fold fold) {
  const ConvProblem& p = problem.window;
  columns.assign(static_cast<std::size_t>(p.iw), start);
  Sum* column = columns.data();
  const PoolStretch rows = pool_window(problem, oy, 0).rows;
  for (std::int64_t iy = rows.first; iy < rows.end; iy += rows.step) {
    const T* row = plane + (iy - first_row) * p.iw;
    for (std::int64_t ix = 0; ix < p.iw; ++ix) column[ix] = fold(column[ix], static_cast<Sum>(row[ix]));
  }
  for (std::int64_t ox = 0; ox < p.ow; ++ox) {
    const PoolStretch under = pool_window(problem, oy, ox).columns;
    Sum value = start;
    for (std::int64_t ix = under.first; ix < under.end; ix += under.step) value = fold(value, column[ix]);
    out[ox] = value;
  }
}

struct Greatest {
  template <class T>
  T operator()(T a, T b) const {
    return std::max(a, b);
  }
};

// Calls finish(window, value, output index) for every output of all planes: the largest element under it, or
// the sum.
template <class Sum, class T, class Finish>
void for_each_output(const PoolProblem& problem, const T* x, Sum least, Finish&& finish) {
  const ConvProblem& p = problem.window;
  std::vector<Sum> columns, out(static_cast<std::size_t>(p.ow));
  std::size_t at = 0;
  for (std::int64_t plane = 0; plane < p.n * p.ic; ++plane, x += p.ih * p.iw)
    for (std::int64_t oy = 0; oy < p.oh; ++oy) {
      if (problem.kind == PoolKind::Max) {
        fold_row(problem, x, 0, oy, least, columns, out.data(), Greatest());
      } else {
        fold_row(problem, x, 0, oy, Sum{0}, columns, out.data(), std::plus<Sum>());
      }
      for (std::int64_t ox = 0; ox < p.ow; ++ox)
        finish(pool_window(problem, oy, ox), out[static_cast<std::size_t>(ox)], at++);
    }
}

}  // namespace

PoolWindow pool_window(const PoolProblem& problem, std::int64_t oy, std::int64_t ox) {
  const ConvProblem& p = problem.window;
  const std::int64_t y = oy * p.stride_h - p.pad_top, x = ox * p.stride_w - p.pad_left;
  PoolWindow window{stretch_at(y, p.kh, p.dilation_h, p.ih), stretch_at(x, p.kw, p.dilation_w, p.iw), 0};
  window.divisor = problem.count_padding ? taps_before(problem.counted_rows, y, p.kh, p.dilation_h) *
                                               taps_before(problem.counted_columns, x, p.kw, p.dilation_w)
                                         : window.count();
  return window;
}

PoolProblem resolve_pool(const std::string& op, const Attributes& given, const Shape& input) {
  if (input.size() > 4) throw NotRun(op + ": input " + to_string(input) + " has more than two spatial axes");
  if (input.size() < 3)
    throw std::invalid_argument(op + ": input " + to_string(input) + " must have a rank of at least 3");
  PoolProblem problem;
  problem.kind = op.find("Max") != std::string::npos ? PoolKind::Max : PoolKind::Average;
  problem.count_padding = given.get("count_include_pad", std::int64_t{0}) != 0;
  Attributes a = given;
  const Shape spatial(input.begin() + 2, input.end());
  if (op.rfind("Global", 0) == 0) a.int_lists["kernel_shape"] = spatial;
  const auto kernel = a.get("kernel_shape", std::vector<std::int64_t>{});
  if (kernel.size() != spatial.size())
    throw std::invalid_argument(op + ": kernel_shape needs a value a spatial axis");
  Shape weights = {input[1], 1};
  weights.insert(weights.end(), kernel.begin(), kernel.end());
  a.ints["group"] = input[1];
  const bool same =
      a.get("auto_pad", std::string("NOTSET")).rfind("SAME", 0) == 0;  // says the extents itself
  if (a.get("ceil_mode", std::int64_t{0}) != 0 && !same) {  // as much padding behind as the last window needs
    auto pads = a.get("pads", std::vector<std::int64_t>(2 * spatial.size(), 0));
    const auto strides = a.get("strides", std::vector<std::int64_t>(spatial.size(), 1)),
               dilations = a.get("dilations", std::vector<std::int64_t>(spatial.size(), 1));
    const auto within = [](const std::vector<std::int64_t>& values, std::int64_t low) {
      return std::all_of(values.begin(), values.end(),
                         [&](std::int64_t v) { return v >= low && v <= kMaxElements; });
    };
    if (pads.size() != 2 * spatial.size() || strides.size() != spatial.size() ||
        dilations.size() != spatial.size() || !within(pads, 0) || !within(strides, 1) || !within(kernel, 1) ||
        !within(dilations, 1))
      throw std::invalid_argument(op + ": kernel_shape, strides or pads do not fit " + to_string(input));
    problem.counted_columns = spatial.back() + pads.back();
    if (spatial.size() > 1) problem.counted_rows = spatial[0] + pads[spatial.size()];
    for (std::size_t d = 0; d < spatial.size(); ++d) {
      const std::int64_t span =
          spatial[d] + pads[d] + pads[spatial.size() + d] - (kernel[d] - 1) * dilations[d] - 1;
      const std::int64_t rest = span % strides[d], next = (span / strides[d] + 1) * strides[d];
      // A window that would start behind the input is none.
      if (rest > 0 && next < spatial[d] + pads[d]) pads[spatial.size() + d] += strides[d] - rest;
    }
    a.int_lists["pads"] = pads;
  }
  problem.window = resolve_conv(a, input, weights);
  const ConvProblem& p = problem.window;
  if (p.pad_top >= p.kh || p.pad_left >= p.kw || (p.oh - 1) * p.stride_h - p.pad_top >= p.ih ||
      (p.ow - 1) * p.stride_w - p.pad_left >= p.iw)
    throw std::invalid_argument(op + ": a window lies in the padding alone");
  return problem;
}

Tensor golden_pool(const PoolProblem& problem, const Tensor& x) {
  Tensor y = Tensor::filled(conv_output_shape(problem.window, x.shape.size()), 0);
  for_each_output(problem, x.values.data(), -std::numeric_limits<double>::infinity(),
                  [&](const PoolWindow& w, double value, std::size_t at) {
                    y.values[at] =
                        problem.kind == PoolKind::Max ? value : value / static_cast<double>(w.divisor);
                  });
  return y;
}

PoolPlan plan_pool(const PoolProblem& problem, const Quantisation& in, const Quantisation& out,
                   int multiplier_bits, Rounding rounding) {
  PoolPlan plan{problem, in, out, rounding, {}};
  if (problem.kind == PoolKind::Max) return plan;
  const std::int64_t most = problem.window.kh * problem.window.kw;
  for (std::int64_t n = 1; n <= most; ++n)
    plan.by_count.push_back(
        make_affine_entry_onto(out, in.scale / (out.scale * static_cast<double>(n)), 0, multiplier_bits, 0));
  return plan;
}

void pool_tile_int8(const ConvTile& t, const PoolPlan& plan, const std::int8_t* input, std::int8_t* output) {
  const ConvProblem& p = plan.problem.window;
  std::vector<std::int8_t> greatest;
  std::vector<std::int32_t> columns, sums(static_cast<std::size_t>(p.ow));
  for (std::int64_t c = 0; c < t.out_channels; ++c) {
    const std::int8_t* plane = input + c * t.in_rows * p.iw;
    for (std::int64_t y = t.out_row; y < t.out_row + t.out_rows; ++y, output += p.ow) {
      if (plan.problem.kind == PoolKind::Max) {
        fold_row(plan.problem, plane, t.in_row, y, std::int8_t{-128}, greatest, output, Greatest());
        continue;
      }
      fold_row(plan.problem, plane, t.in_row, y, std::int32_t{0}, columns, sums.data(),
               std::plus<std::int32_t>());
      for (std::int64_t x = 0; x < p.ow; ++x) {
        const PoolWindow w = pool_window(plan.problem, y, x);
        output[x] = static_cast<std::int8_t>(
            apply_affine(sums[static_cast<std::size_t>(x)] - w.count() * plan.in.zero_point,
                         plan.by_count[static_cast<std::size_t>(w.divisor - 1)], plan.rounding,
                         plan.out.zero_point, -128, 127));
      }
    }
  }
}

std::vector<std::int64_t> ideal_pool(const PoolPlan& plan, const std::vector<std::int64_t>& codes) {
  if (takes_int16(plan)) return ideal_pool_int16(plan, codes);
  const ConvProblem& p = plan.problem.window;
  std::vector<std::int64_t> ideal(static_cast<std::size_t>(p.n * p.ic * p.oh * p.ow));
  for_each_output(
      plan.problem, codes.data(), INT64_MIN, [&](const PoolWindow& w, std::int64_t value, std::size_t at) {
        if (plan.problem.kind == PoolKind::Max) {
          ideal[at] = value;
          return;
        }
        const std::int64_t sum = value - w.count() * plan.in.zero_point;
        const long double mean = static_cast<long double>(plan.in.scale) * static_cast<long double>(sum) /
                                 static_cast<long double>(w.divisor);
        const long double real = mean / plan.out.scale + static_cast<long double>(plan.out.zero_point);
        ideal[at] = static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(real, -128, 127)));
      });
  return ideal;
}

}  // namespace bpusim
