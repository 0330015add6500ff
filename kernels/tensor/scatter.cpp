#include "kernels/tensor/scatter.h"

#include <algorithm>
#include <stdexcept>

namespace bpusim {

namespace {

std::int64_t element_at(double index, std::int64_t extent) {
  const std::int64_t said = to_integer(index), at = said < 0 ? said + extent : said;
  if (at < 0 || at >= extent)
    throw std::invalid_argument("index " + std::to_string(said) + " is outside of " + std::to_string(extent));
  return at;
}

void put(double& element, double update, ScatterReduction reduction) {
  switch (reduction) {
    case ScatterReduction::None:
      element = update;
      break;
    case ScatterReduction::Add:
      element += update;
      break;
    case ScatterReduction::Mul:
      element *= update;
      break;
    case ScatterReduction::Max:
      element = std::max(element, update);
      break;
    case ScatterReduction::Min:
      element = std::min(element, update);
      break;
  }
}

}  // namespace

ScatterReduction scatter_reduction(const std::string& word) {
  const char* const words[] = {"none", "add", "mul", "max", "min"};
  for (std::size_t i = 0; i < std::size(words); ++i)
    if (word == words[i]) return static_cast<ScatterReduction>(i);
  throw std::invalid_argument("reduction '" + word + "' is none of none, add, mul, max, min");
}

Tensor scatter_elements(const Tensor& x, const Tensor& indices, const Tensor& updates, std::size_t axis,
                        ScatterReduction reduction) {
  if (indices.shape != updates.shape || indices.shape.size() != x.shape.size())
    throw std::invalid_argument("indices of " + to_string(indices.shape) + " and updates of " +
                                to_string(updates.shape) + " do not fit " + to_string(x.shape));
  Tensor y = x;
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    const double index = indices.values[static_cast<std::size_t>(i)];
    std::int64_t rest = i, at = 0, stride = 1;
    for (std::size_t d = x.shape.size(); d-- > 0; rest /= indices.shape[d], stride *= x.shape[d]) {
      const std::int64_t here = d == axis ? element_at(index, x.shape[d]) : rest % indices.shape[d];
      if (here >= x.shape[d])
        throw std::invalid_argument("indices of " + to_string(indices.shape) + " are larger than " +
                                    to_string(x.shape));
      at += here * stride;
    }
    put(y.values[static_cast<std::size_t>(at)], updates.values[static_cast<std::size_t>(i)], reduction);
  }
  return y;
}

bool scatter_nd_fits(const Shape& x, const Shape& indices, const Shape& updates) {
  if (indices.empty() || indices.back() < 1 || indices.back() > static_cast<std::int64_t>(x.size()))
    return false;
  Shape wanted(indices.begin(), indices.end() - 1);
  wanted.insert(wanted.end(), x.begin() + indices.back(), x.end());
  return wanted == updates;
}

Tensor scatter_nd(const Tensor& x, const Tensor& indices, const Tensor& updates, ScatterReduction reduction) {
  if (!scatter_nd_fits(x.shape, indices.shape, updates.shape))
    throw std::invalid_argument("indices of " + to_string(indices.shape) + " and updates of " +
                                to_string(updates.shape) + " do not fit " + to_string(x.shape));
  const std::int64_t tuple = indices.shape.back(), tuples = indices.size() / tuple;
  const std::int64_t slice = tuples == 0 ? 0 : updates.size() / tuples;
  Tensor y = x;
  for (std::int64_t p = 0; p < tuples; ++p) {
    std::int64_t at = 0;
    for (std::int64_t t = 0; t < tuple; ++t) {
      const std::int64_t extent = x.shape[static_cast<std::size_t>(t)];
      at = at * extent + element_at(indices.values[static_cast<std::size_t>(p * tuple + t)], extent);
    }
    for (std::int64_t i = 0; i < slice; ++i)
      put(y.values[static_cast<std::size_t>(at * slice + i)],
          updates.values[static_cast<std::size_t>(p * slice + i)], reduction);
  }
  return y;
}

}  // namespace bpusim
