#include "kernels/tensor/sweep.h"

#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

std::int64_t stride_of(const Shape& shape, std::size_t axis) {
  std::int64_t stride = 1;
  for (std::size_t d = axis + 1; d < shape.size(); ++d) stride *= shape[d];
  return stride;
}

}  // namespace

Tensor cumulative_sum(const Tensor& x, std::size_t axis, bool exclusive, bool reverse) {
  const std::int64_t extent = x.shape.at(axis), stride = stride_of(x.shape, axis);
  Tensor y = Tensor::filled(x.shape, 0);
  for (std::int64_t first = 0; first < x.size(); ++first) {
    if (first / stride % extent != 0) continue;  // within a row
    double sum = 0;
    for (std::int64_t i = 0; i < extent; ++i) {
      const auto at = static_cast<std::size_t>(first + (reverse ? extent - 1 - i : i) * stride);
      const double before = sum;
      sum += x.values[at];
      y.values[at] = exclusive ? before : sum;
    }
  }
  return y;
}

Tensor reverse_sequence(const Tensor& x, const Tensor& lengths, std::size_t sample_axis,
                        std::size_t step_axis) {
  if (sample_axis == step_axis) throw std::invalid_argument("samples and steps lie along one axis");
  if (lengths.shape != Shape{x.shape.at(sample_axis)})
    throw std::invalid_argument("sequence_lens has shape " + to_string(lengths.shape) + ", and there are " +
                                std::to_string(x.shape[sample_axis]) + " samples");
  const std::int64_t samples = x.shape[sample_axis], steps = x.shape.at(step_axis),
                     sample_stride = stride_of(x.shape, sample_axis),
                     step_stride = stride_of(x.shape, step_axis);
  Tensor y = x;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t n = i / sample_stride % samples, t = i / step_stride % steps;
    const std::int64_t length = to_integer(lengths.values[static_cast<std::size_t>(n)]);
    if (length < 0 || length > steps)
      throw std::invalid_argument("sequence_lens: " + std::to_string(length) + " of " +
                                  std::to_string(steps) + " steps");
    if (t < length)
      y.values[static_cast<std::size_t>(i + (length - 1 - 2 * t) * step_stride)] =
          x.values[static_cast<std::size_t>(i)];
  }
  return y;
}

}  // namespace bpusim
