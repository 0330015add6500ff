#include "kernels/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/vector_int16.h"

namespace bpusim {

namespace {

// Rows and columns of the input under one output position.
struct Window {
  std::int64_t top, bottom, left, right;
  std::int64_t count() const { return (bottom - top) * (right - left); }
};

Window window_at(const ConvProblem& p, std::int64_t oy, std::int64_t ox) {
  const std::int64_t y = oy * p.stride_h - p.pad_top, x = ox * p.stride_w - p.pad_left;
  return {std::max<std::int64_t>(y, 0), std::min(y + p.kh, p.ih), std::max<std::int64_t>(x, 0),
          std::min(x + p.kw, p.iw)};
}

std::int64_t divisor(const PoolProblem& problem, const Window& window) {
  return problem.count_padding ? problem.window.kh * problem.window.kw : window.count();
}

// Calls visit(plane start, window) for every output, row-major.
template <class Visit>
void for_each_output(const ConvProblem& p, Visit&& visit) {
  for (std::int64_t plane = 0; plane < p.n * p.ic; ++plane)
    for (std::int64_t oy = 0; oy < p.oh; ++oy)
      for (std::int64_t ox = 0; ox < p.ow; ++ox) visit(plane * p.ih * p.iw, window_at(p, oy, ox));
}

}  // namespace

PoolProblem resolve_pool(const std::string& op, const Attributes& given, const Shape& input) {
  if (input.size() != 3 && input.size() != 4)
    throw std::invalid_argument(op + ": input " + to_string(input) + " must have rank 3 or 4");
  PoolProblem problem;
  problem.kind = op.find("Max") != std::string::npos ? PoolKind::Max : PoolKind::Average;
  problem.count_padding = given.get("count_include_pad", std::int64_t{0}) != 0;
  Attributes a = given;
  const Shape spatial(input.begin() + 2, input.end());
  if (op.rfind("Global", 0) == 0) a.int_lists["kernel_shape"] = spatial;
  const auto kernel = a.get("kernel_shape", std::vector<std::int64_t>{});
  if (kernel.size() != spatial.size())
    throw std::invalid_argument(op + ": kernel_shape needs a value a spatial axis");
  for (const std::int64_t d : a.get("dilations", std::vector<std::int64_t>{}))
    if (d != 1) throw std::invalid_argument(op + ": dilations are not supported");
  Shape weights = {input[1], 1};
  weights.insert(weights.end(), kernel.begin(), kernel.end());
  a.ints["group"] = input[1];
  if (a.get("ceil_mode", std::int64_t{0}) != 0) {  // as much padding behind as the last window needs
    auto pads = a.get("pads", std::vector<std::int64_t>(2 * spatial.size(), 0));
    const auto strides = a.get("strides", std::vector<std::int64_t>(spatial.size(), 1));
    for (std::size_t d = 0; d < spatial.size(); ++d) {
      const std::int64_t rest = (spatial[d] + pads[d] + pads[spatial.size() + d] - kernel[d]) % strides[d];
      if (rest > 0) pads[spatial.size() + d] += strides[d] - rest;
    }
    a.int_lists["pads"] = pads;
  }
  problem.window = resolve_conv(a, input, weights);
  return problem;
}

Tensor golden_pool(const PoolProblem& problem, const Tensor& x) {
  const ConvProblem& p = problem.window;
  std::vector<double> y;
  for_each_output(p, [&](std::int64_t plane, const Window& w) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t iy = w.top; iy < w.bottom; ++iy)
      for (std::int64_t ix = w.left; ix < w.right; ++ix) {
        const double value = x.values[static_cast<std::size_t>(plane + iy * p.iw + ix)];
        largest = std::max(largest, value);
        sum += value;
      }
    y.push_back(problem.kind == PoolKind::Max ? largest : sum / static_cast<double>(divisor(problem, w)));
  });
  return Tensor(conv_output_shape(p, x.shape.size()), std::move(y));
}

PoolPlan plan_pool(const PoolProblem& problem, const Quantisation& in, const Quantisation& out,
                   int multiplier_bits, Rounding rounding) {
  PoolPlan plan{problem, in, out, rounding, {}};
  if (problem.kind == PoolKind::Max) return plan;
  const std::int64_t most = problem.window.kh * problem.window.kw;
  for (std::int64_t n = 1; n <= most; ++n)
    plan.by_count.push_back(
        make_affine_entry(in.scale / (out.scale * static_cast<double>(n)), 0, multiplier_bits, 0));
  return plan;
}

void pool_tile_int8(const ConvTile& t, const PoolPlan& plan, const std::int8_t* input, std::int8_t* output) {
  const ConvProblem& p = plan.problem.window;
  for (std::int64_t c = 0; c < t.out_channels; ++c) {
    const std::int8_t* plane = input + c * t.in_rows * p.iw;
    for (std::int64_t y = 0; y < t.out_rows; ++y) {
      for (std::int64_t x = 0; x < p.ow; ++x) {
        const Window w = window_at(p, t.out_row + y, x);
        std::int32_t largest = -128;
        std::int64_t sum = 0;
        for (std::int64_t iy = w.top; iy < w.bottom; ++iy) {
          const std::int8_t* row = plane + (iy - t.in_row) * p.iw;
          for (std::int64_t ix = w.left; ix < w.right; ++ix) {
            largest = std::max<std::int32_t>(largest, row[ix]);
            sum += row[ix];
          }
        }
        std::int64_t result = largest;
        if (plan.problem.kind == PoolKind::Average)
          result = apply_affine(sum - w.count() * plan.in.zero_point,
                                plan.by_count[static_cast<std::size_t>(divisor(plan.problem, w) - 1)],
                                plan.rounding, plan.out.zero_point, -128, 127);
        *output++ = static_cast<std::int8_t>(result);
      }
    }
  }
}

std::vector<std::int64_t> ideal_pool(const PoolPlan& plan, const std::vector<std::int64_t>& codes) {
  if (takes_int16(plan)) return ideal_pool_int16(plan, codes);
  const ConvProblem& p = plan.problem.window;
  std::vector<std::int64_t> ideal;
  for_each_output(p, [&](std::int64_t plane, const Window& w) {
    std::int64_t largest = INT64_MIN, sum = 0;
    for (std::int64_t iy = w.top; iy < w.bottom; ++iy)
      for (std::int64_t ix = w.left; ix < w.right; ++ix) {
        const std::int64_t q = codes[static_cast<std::size_t>(plane + iy * p.iw + ix)];
        largest = std::max(largest, q);
        sum += q - plan.in.zero_point;
      }
    if (plan.problem.kind == PoolKind::Max) {
      ideal.push_back(largest);
      return;
    }
    const long double mean = static_cast<long double>(plan.in.scale) * static_cast<long double>(sum) /
                             static_cast<long double>(divisor(plan.problem, w));
    const long double real = mean / plan.out.scale + static_cast<long double>(plan.out.zero_point);
    ideal.push_back(static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(real, -128, 127))));
  });
  return ideal;
}

}  // namespace bpusim
