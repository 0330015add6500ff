#include "kernels/mac/conv_volume.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/mac/conv.h"

namespace bpusim {

namespace {

using Integers = std::vector<std::int64_t>;

// The convolution along the first spatial axis, and that over the other two.
struct Split {
  ConvProblem depth, plane;
};

// Of an attribute with `each` values an axis of three, those of the axes from `first` to before `end`.
void take_axes(const Attributes& from, const char* name, std::size_t each, std::size_t first, std::size_t end,
               Attributes& to) {
  const Integers values = from.get(name, Integers{});
  if (values.empty()) return;
  if (values.size() != 3 * each)
    throw std::invalid_argument(std::string("Conv: ") + name + " needs " + std::to_string(3 * each) +
                                " values");
  Integers& taken = to.int_lists[name];
  for (std::size_t k = 0; k < each; ++k)
    taken.insert(taken.end(), values.begin() + static_cast<std::ptrdiff_t>(3 * k + first),
                 values.begin() + static_cast<std::ptrdiff_t>(3 * k + end));
}

ConvProblem problem_over(const Attributes& attributes, const Shape& x, const Shape& weights,
                         std::size_t first, std::size_t end) {
  Attributes part;
  part.ints["group"] = attributes.get("group", std::int64_t{1});
  part.strings["auto_pad"] = attributes.get("auto_pad", std::string("NOTSET"));
  take_axes(attributes, "strides", 1, first, end, part);
  take_axes(attributes, "dilations", 1, first, end, part);
  take_axes(attributes, "pads", 2, first, end, part);
  const auto axes = [&](const Shape& shape) {
    Shape some(shape.begin(), shape.begin() + 2);
    some.insert(some.end(), shape.begin() + 2 + static_cast<std::ptrdiff_t>(first),
                shape.begin() + 2 + static_cast<std::ptrdiff_t>(end));
    return some;
  };
  return resolve_conv(part, axes(x), axes(weights));
}

Split resolve(const Attributes& attributes, const Shape& x, const Shape& weights) {
  if (x.size() != 5 || weights.size() != 5)
    throw std::invalid_argument("Conv: weights " + to_string(weights) + " must have the rank of the input " +
                                to_string(x));
  return {problem_over(attributes, x, weights, 0, 1), problem_over(attributes, x, weights, 1, 3)};
}

// Planes of a [a, b, d, h, w] tensor at one place along d, as [a, b, h, w].
Tensor plane_of(const Tensor& x, std::int64_t at) {
  const std::int64_t depth = x.shape[2], size = x.shape[3] * x.shape[4], volumes = x.shape[0] * x.shape[1];
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(volumes * size));
  for (std::int64_t v = 0; v < volumes; ++v) {
    const auto first = x.values.begin() + (v * depth + at) * size;
    values.insert(values.end(), first, first + size);
  }
  return Tensor({x.shape[0], x.shape[1], x.shape[3], x.shape[4]}, std::move(values));
}

void add_plane(const Tensor& plane, std::int64_t at, Tensor& y) {
  const std::int64_t depth = y.shape[2], size = y.shape[3] * y.shape[4], volumes = y.shape[0] * y.shape[1];
  for (std::int64_t v = 0; v < volumes; ++v)
    for (std::int64_t i = 0; i < size; ++i)
      y.values[static_cast<std::size_t>((v * depth + at) * size + i)] +=
          plane.values[static_cast<std::size_t>(v * size + i)];
}

}  // namespace

Shape conv_volume_shape(const Attributes& attributes, const Shape& x, const Shape& weights) {
  const Split split = resolve(attributes, x, weights);
  return {split.plane.n, split.plane.oc, split.depth.ow, split.plane.oh, split.plane.ow};
}

Tensor golden_conv_volume(const Attributes& attributes, const Tensor& x, const Tensor& weights,
                          const std::vector<double>& bias) {
  const Split split = resolve(attributes, x.shape, weights.shape);
  const ConvProblem& depth = split.depth;
  Tensor y = Tensor::filled(conv_volume_shape(attributes, x.shape, weights.shape), 0);
  for (std::int64_t k = 0; k < depth.kw; ++k) {
    const Tensor taps = plane_of(weights, k);
    for (std::int64_t out = 0; out < depth.ow; ++out) {
      const std::int64_t in = out * depth.stride_w - depth.pad_left + k * depth.dilation_w;
      if (in >= 0 && in < depth.iw) add_plane(golden_conv(split.plane, plane_of(x, in), taps, {}, 4), out, y);
    }
  }
  const std::int64_t volume = y.shape[2] * y.shape[3] * y.shape[4];
  for (std::int64_t i = 0; i < y.size() && !bias.empty(); ++i)
    y.values[static_cast<std::size_t>(i)] += bias[static_cast<std::size_t>(i / volume % y.shape[1])];
  return y;
}

}  // namespace bpusim
