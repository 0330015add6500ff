#include "kernels/tensor/finding.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace bpusim {

namespace {

using Numbers = std::vector<double>;

Tensor vector_of(Numbers values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor({size}, std::move(values));
}

// Slices along an axis; without one, the elements in their order.
class Slices {
 public:
  Slices(const Tensor& x, std::optional<std::size_t> axis) : x_(x), axis_(axis) {
    if (!axis) {
      count_ = x.size();
      return;
    }
    for (std::size_t d = 0; d < x.shape.size(); ++d)
      (d < *axis ? outer_ : inner_) *= d == *axis ? 1 : x.shape[d];
    count_ = x.shape.at(*axis);
  }

  std::int64_t count() const { return count_; }

  Numbers at(std::int64_t i) const {
    Numbers slice;
    slice.reserve(static_cast<std::size_t>(outer_ * inner_));
    for (std::int64_t o = 0; o < outer_; ++o) {
      const auto first = x_.values.begin() + (o * count_ + i) * inner_;
      slice.insert(slice.end(), first, first + inner_);
    }
    return slice;
  }

  Tensor chosen(const std::vector<std::int64_t>& which) const {
    Numbers values;
    values.reserve(static_cast<std::size_t>(outer_ * inner_) * which.size());
    for (std::int64_t o = 0; o < outer_; ++o)
      for (const std::int64_t i : which) {
        const auto first = x_.values.begin() + (o * count_ + i) * inner_;
        values.insert(values.end(), first, first + inner_);
      }
    Shape shape = axis_ ? x_.shape : Shape{0};
    shape[axis_.value_or(0)] = static_cast<std::int64_t>(which.size());
    return Tensor(shape, std::move(values));
  }

 private:
  const Tensor& x_;
  const std::optional<std::size_t> axis_;
  std::int64_t outer_ = 1, inner_ = 1, count_ = 0;
};

}  // namespace

Tensor non_zero(const Tensor& x) {
  const Shape shape = x.shape.empty() ? Shape{1} : x.shape;
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (x.values[static_cast<std::size_t>(i)] != 0) found.push_back(i);
  const auto count = static_cast<std::int64_t>(found.size());
  Tensor y = Tensor::filled({static_cast<std::int64_t>(shape.size()), count}, 0);
  for (std::size_t k = 0; k < found.size(); ++k) {
    std::int64_t rest = found[k];
    for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d])
      y.values[d * found.size() + k] = static_cast<double>(rest % shape[d]);
  }
  return y;
}

Tensor compress(const Tensor& x, const Tensor& condition, std::optional<std::size_t> axis) {
  const Slices slices(x, axis);
  if (condition.shape.size() != 1 || condition.size() > slices.count())
    throw std::invalid_argument("Compress: a condition of " + to_string(condition.shape) + " for " +
                                std::to_string(slices.count()) + " slices");
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < condition.size(); ++i)
    if (condition.values[static_cast<std::size_t>(i)] != 0) kept.push_back(i);
  return slices.chosen(kept);
}

Distinct unique(const Tensor& x, std::optional<std::size_t> axis, bool sorted) {
  const Slices slices(x, axis);
  std::map<Numbers, std::size_t> numbered;  // by size
  std::vector<std::int64_t> first;
  Numbers inverse, counts;
  for (std::int64_t i = 0; i < slices.count(); ++i) {
    const auto [at, is_new] = numbered.emplace(slices.at(i), first.size());
    if (is_new) {
      first.push_back(i);
      counts.push_back(0);
    }
    ++counts[at->second];
    inverse.push_back(static_cast<double>(at->second));
  }
  std::vector<std::size_t> order(first.size());
  std::iota(order.begin(), order.end(), 0);
  if (sorted) {
    order.clear();
    for (const auto& entry : numbered) order.push_back(entry.second);
  }
  Numbers place(order.size()), firsts, ordered_counts;
  std::vector<std::int64_t> which;
  for (std::size_t k = 0; k < order.size(); ++k) {
    place[order[k]] = static_cast<double>(k);
    which.push_back(first[order[k]]);
    firsts.push_back(static_cast<double>(first[order[k]]));
    ordered_counts.push_back(counts[order[k]]);
  }
  for (double& number : inverse) number = place[static_cast<std::size_t>(number)];
  return {slices.chosen(which), vector_of(std::move(firsts)), vector_of(std::move(inverse)),
          vector_of(std::move(ordered_counts))};
}

}  // namespace bpusim
