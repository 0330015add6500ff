// Seeded random numbers, the same on every machine: Boost.Random's generators and distributions, whose
// algorithms are fixed, unlike those of the standard library.
#pragma once

#include <cstdint>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// ONNX RandomNormal: independent normal numbers.
Tensor random_normal(const Shape& shape, double mean, double deviation, std::uint64_t seed);

/// Independent uniform numbers in [low, high).
Tensor random_uniform(const Shape& shape, double low, double high, std::uint64_t seed);

}  // namespace bpusim
