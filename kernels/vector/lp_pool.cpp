#include "kernels/vector/lp_pool.h"

#include <cmath>
#include <stdexcept>

#include "kernels/vector/pool.h"

namespace bpusim {

namespace {

double power_of(const std::string& op, const Attributes& attributes) {
  const std::int64_t p = attributes.get("p", std::int64_t{2});
  if (p < 1) throw std::invalid_argument(op + ": p is " + std::to_string(p) + ", below 1");
  return static_cast<double>(p);
}

}  // namespace

// A mean times the elements that it is of is their sum: what lies in the padding adds nothing.
Tensor lp_pool(const std::string& op, const Attributes& attributes, const Tensor& x) {
  const double p = power_of(op, attributes);
  const PoolProblem problem = resolve_pool(op, attributes, x.shape);
  Tensor powers = x;
  for (double& v : powers.values) v = std::pow(std::abs(v), p);
  Tensor y = golden_pool(problem, powers);
  const ConvProblem& window = problem.window;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t count = pool_window(problem, i / window.ow % window.oh, i % window.ow).count();
    double& v = y.values[static_cast<std::size_t>(i)];
    v = std::pow(v * static_cast<double>(count), 1 / p);
  }
  return y;
}

Shape lp_pool_shape(const std::string& op, const Attributes& attributes, const Shape& x) {
  power_of(op, attributes);
  return conv_output_shape(resolve_pool(op, attributes, x).window, x.size());
}

std::int64_t lp_pool_window(const std::string& op, const Attributes& attributes, const Shape& x) {
  const ConvProblem window = resolve_pool(op, attributes, x).window;
  return window.kh * window.kw;
}

}  // namespace bpusim
