// Values and codes that tests draw, the same each time.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim::testing {

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}
  std::int64_t from(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<unsigned>(high - low + 1));
  }
  double real() { return static_cast<double>(random_()) / 2147483648.0 - 1; }  // [-1, 1)
  std::vector<double> reals(std::int64_t count) {
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& v : values) v = real();
    return values;
  }
  std::vector<std::int8_t> codes(std::int64_t count) {
    std::vector<std::int8_t> values(static_cast<std::size_t>(count));
    for (auto& v : values) v = static_cast<std::int8_t>(random_());
    return values;
  }
  Tensor tensor(const Shape& shape) { return {shape, reals(element_count(shape))}; }

 private:
  std::mt19937 random_;
};

}  // namespace bpusim::testing
