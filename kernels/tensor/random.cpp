#include "kernels/tensor/random.h"

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>

namespace bpusim {

Tensor random_normal(const Shape& shape, double mean, double deviation, std::uint64_t seed) {
  boost::random::mt19937_64 engine(seed);
  boost::random::normal_distribution<double> normal(0, 1);
  Tensor tensor = Tensor::filled(shape, 0);
  for (double& value : tensor.values) value = mean + deviation * normal(engine);
  return tensor;
}

Tensor random_uniform(const Shape& shape, double low, double high, std::uint64_t seed) {
  boost::random::mt19937_64 engine(seed);
  boost::random::uniform_real_distribution<double> uniform(0, 1);
  Tensor tensor = Tensor::filled(shape, 0);
  for (double& value : tensor.values) value = low + (high - low) * uniform(engine);
  return tensor;
}

}  // namespace bpusim
