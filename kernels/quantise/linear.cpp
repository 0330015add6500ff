#include "kernels/quantise/linear.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

std::size_t axis_within(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  const std::int64_t at = axis < 0 ? axis + size : axis;
  if (at < 0 || at >= size)
    throw std::invalid_argument("axis " + std::to_string(axis) + " of a tensor of rank " +
                                std::to_string(rank));
  return static_cast<std::size_t>(at);
}

// Which of the scales an element has: element i has number i / inner / block % outer + i / outside * outer,
// with `whole` elements in a row of the axis.
class Parameters {
 public:
  Parameters(const Shape& data, const Shape& scale, const LinearLayout& layout) {
    if (layout.block < 0) throw std::invalid_argument("blocks of " + std::to_string(layout.block));
    if (element_count(scale) == 1 && layout.block == 0) return;
    const std::size_t axis = axis_within(layout.axis, data.size());
    for (std::size_t d = axis + 1; d < data.size(); ++d) inner_ *= data[d];
    extent_ = data[axis];
    if (layout.block > 0) {
      Shape expected = data;
      expected[axis] = (data[axis] + layout.block - 1) / layout.block;
      if (scale != expected) misfit(data, scale, " in blocks of " + std::to_string(layout.block));
      block_ = layout.block;
      blocks_ = expected[axis];
      each_ = true;
      return;
    }
    Shape aligned(data.size(), 1);
    aligned[axis] = data[axis];
    if (scale != Shape{data[axis]} && scale != aligned && !broadcast_along(data, scale))
      misfit(data, scale, "");
    blocks_ = extent_;
  }

  std::size_t of(std::int64_t element) const {
    const std::int64_t along = element / inner_ % extent_ / block_;
    if (!each_) return static_cast<std::size_t>(blocks_ == 1 ? 0 : along);
    const std::int64_t before = element / inner_ / extent_;
    return static_cast<std::size_t>((before * blocks_ + along) * inner_ + element % inner_);
  }

 private:
  // Scales of the data's rank lie where their one extent above 1 does.
  bool broadcast_along(const Shape& data, const Shape& scale) {
    if (scale.size() != data.size()) return false;
    std::size_t at = data.size();
    for (std::size_t d = 0; d < data.size(); ++d) {
      if (scale[d] == 1) continue;
      if (scale[d] != data[d] || at != data.size()) return false;
      at = d;
    }
    inner_ = 1;
    for (std::size_t d = at + 1; d < data.size(); ++d) inner_ *= data[d];
    extent_ = data[at];
    return true;
  }

  [[noreturn]] static void misfit(const Shape& data, const Shape& scale, const std::string& how) {
    throw std::invalid_argument("scales of shape " + to_string(scale) + " do not lie over a tensor of " +
                                to_string(data) + how);
  }

  std::int64_t inner_ = 1, extent_ = 1, block_ = 1, blocks_ = 1;
  bool each_ = false;  // one for each element beside the axis too
};

void check_zero(const Tensor& scale, const Tensor& zero) {
  if (!zero.values.empty() && zero.size() != scale.size())
    throw std::invalid_argument(std::to_string(zero.size()) + " zero points beside " +
                                std::to_string(scale.size()) + " scales");
}

double in_float32(double value) {
  return static_cast<double>(static_cast<float>(value));
}

}  // namespace

void check_layout(const Shape& codes, const Tensor& scale, const Tensor& zero, const LinearLayout& layout) {
  check_zero(scale, zero);
  const Parameters parameters(codes, scale.shape, layout);
}

Tensor quantize_linear(const Tensor& x, const Tensor& scale, const Tensor& zero, const LinearLayout& layout,
                       DType codes) {
  check_zero(scale, zero);
  for (const double s : scale.values)
    if (!(s > 0) || std::isinf(s)) throw std::invalid_argument("a scale is " + std::to_string(s));
  const Parameters parameters(x.shape, scale.shape, layout);
  const auto low = static_cast<double>(lowest_of(codes)), high = static_cast<double>(highest_of(codes));
  Tensor y = x;
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const std::size_t at = parameters.of(static_cast<std::int64_t>(i));
    const double z = zero.values.empty() ? 0 : zero.values[at];
    y.values[i] = std::clamp(std::nearbyint(in_float32(y.values[i] / scale.values[at])) + z, low, high);
  }
  return y;
}

Tensor dequantize_linear(const Tensor& codes, const Tensor& scale, const Tensor& zero,
                         const LinearLayout& layout) {
  check_zero(scale, zero);
  const Parameters parameters(codes.shape, scale.shape, layout);
  Tensor x = codes;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const std::size_t at = parameters.of(static_cast<std::int64_t>(i));
    x.values[i] = (x.values[i] - (zero.values.empty() ? 0 : zero.values[at])) * scale.values[at];
  }
  return x;
}

Tensor centred(const Tensor& codes, const Tensor& zero, const LinearLayout& layout) {
  if (zero.values.empty()) return codes;
  return dequantize_linear(codes, Tensor::filled(zero.shape, 1), zero, layout);
}

DynamicQuantised dynamic_quantize_linear(const Tensor& x) {
  double low = 0, high = 0;
  for (const double v : x.values) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double range = in_float32(in_float32(high) - in_float32(low)),
               scale = range == 0 ? 1 : in_float32(range / 255);
  const double zero = std::clamp(std::nearbyint(in_float32(-in_float32(low) / scale)), 0.0, 255.0);
  DynamicQuantised result;
  result.scale = Tensor({}, {scale});
  result.zero = Tensor({}, {zero});
  result.codes = quantize_linear(x, result.scale, result.zero, {}, DType::UInt8);
  return result;
}

}  // namespace bpusim
