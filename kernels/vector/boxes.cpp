#include "kernels/vector/boxes.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace bpusim {

namespace {

struct Box {
  double low_y, low_x, high_y, high_x;
  double area() const { return (high_y - low_y) * (high_x - low_x); }
};

Box box_at(const double* numbers, bool centred) {
  if (centred) {
    const double x = numbers[0], y = numbers[1], w = numbers[2] / 2, h = numbers[3] / 2;
    return {y - h, x - w, y + h, x + w};
  }
  return {std::min(numbers[0], numbers[2]), std::min(numbers[1], numbers[3]),
          std::max(numbers[0], numbers[2]), std::max(numbers[1], numbers[3])};
}

double overlap(const Box& a, const Box& b) {
  const double h = std::min(a.high_y, b.high_y) - std::max(a.low_y, b.low_y),
               w = std::min(a.high_x, b.high_x) - std::max(a.low_x, b.low_x);
  if (h <= 0 || w <= 0 || a.area() <= 0 || b.area() <= 0) return 0;
  return h * w / (a.area() + b.area() - h * w);
}

// Boxes of one class and sample that stay.
std::vector<std::int64_t> kept(const double* boxes, const double* scores, std::int64_t count,
                               const SuppressionLimits& limits) {
  std::vector<std::int64_t> order, stay;
  for (std::int64_t b = 0; b < count; ++b)
    if (scores[b] > limits.score) order.push_back(b);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
  for (const std::int64_t b : order) {
    if (static_cast<std::int64_t>(stay.size()) >= limits.most) break;
    const Box box = box_at(boxes + 4 * b, limits.centred);
    const bool covered = std::any_of(stay.begin(), stay.end(), [&](std::int64_t other) {
      return overlap(box, box_at(boxes + 4 * other, limits.centred)) > limits.overlap;
    });
    if (!covered) stay.push_back(b);
  }
  return stay;
}

}  // namespace

Tensor non_max_suppression(const Tensor& boxes, const Tensor& scores, const SuppressionLimits& limits) {
  if (boxes.shape.size() != 3 || boxes.shape[2] != 4 || scores.shape.size() != 3 ||
      scores.shape[0] != boxes.shape[0] || scores.shape[2] != boxes.shape[1])
    throw std::invalid_argument("NonMaxSuppression: scores of " + to_string(scores.shape) +
                                " do not fit boxes of " + to_string(boxes.shape));
  const std::int64_t count = boxes.shape[1], classes = scores.shape[1];
  std::vector<double> found;
  for (std::int64_t n = 0; n < boxes.shape[0]; ++n)
    for (std::int64_t c = 0; c < classes; ++c)
      for (const std::int64_t b : kept(boxes.values.data() + n * count * 4,
                                       scores.values.data() + (n * classes + c) * count, count, limits))
        found.insert(found.end(), {static_cast<double>(n), static_cast<double>(c), static_cast<double>(b)});
  const auto rows = static_cast<std::int64_t>(found.size() / 3);
  return Tensor({rows, 3}, std::move(found));
}

}  // namespace bpusim
