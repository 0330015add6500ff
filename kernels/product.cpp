#include "kernels/product.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

std::int64_t reach(const Quantisation& grid) {
  return std::max(std::abs(grid.highest() - grid.zero_point), std::abs(grid.lowest() - grid.zero_point));
}

// Steps from row to row and from one product to the next, in each factor.
struct Steps {
  std::int64_t a_row, a_inner, b_inner, b_column;
};

template <class Code>
std::int64_t dot(const Code* a, const Code* b, const Steps& steps, std::int64_t inner, std::int64_t zero_a,
                 std::int64_t zero_b) {
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k < inner; ++k)
    sum += (a[k * steps.a_inner] - zero_a) * (b[k * steps.b_inner] - zero_b);
  return sum;
}

Steps steps_of(bool a_turned, bool b_turned, std::int64_t rows, std::int64_t inner, std::int64_t columns) {
  return {a_turned ? 1 : inner, a_turned ? rows : 1, b_turned ? 1 : columns, b_turned ? inner : 1};
}

}  // namespace

ProductPlan plan_product(const ProductProblem& problem, double alpha, const Quantisation& a,
                         const Quantisation& b, const Quantisation& out, int multiplier_bits,
                         Rounding rounding) {
  if (static_cast<double>(problem.inner) * static_cast<double>(reach(a)) * static_cast<double>(reach(b)) >
      INT32_MAX)
    throw std::invalid_argument("sums of " + std::to_string(problem.inner) + " products of codes up to " +
                                std::to_string(reach(a)) + " and " + std::to_string(reach(b)) +
                                " steps from zero can overflow int32 accumulators");
  return {problem.inner,
          problem.a_turned,
          problem.b_turned,
          a,
          b,
          out,
          make_affine_entry(alpha * a.scale * b.scale / out.scale, 0, multiplier_bits, 0),
          rounding};
}

void product_tile_int8(const ProductPlan& plan, std::int64_t rows, std::int64_t columns, const std::int8_t* a,
                       const std::int8_t* b, std::int8_t* y) {
  const Steps steps = steps_of(plan.a_turned, plan.b_turned, rows, plan.inner, columns);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      *y++ =
          static_cast<std::int8_t>(apply_affine(dot(a + r * steps.a_row, b + c * steps.b_column, steps,
                                                    plan.inner, plan.a.zero_point, plan.b.zero_point),
                                                plan.entry, plan.rounding, plan.out.zero_point, -128, 127));
}

std::vector<std::int64_t> ideal_product(const ProductProblem& problem, const ProductPlan& plan, double alpha,
                                        const std::vector<std::int64_t>& a,
                                        const std::vector<std::int64_t>& b) {
  const Steps steps =
      steps_of(problem.a_turned, problem.b_turned, problem.rows, problem.inner, problem.columns);
  const long double gain = static_cast<long double>(alpha) * plan.a.scale * plan.b.scale / plan.out.scale;
  std::vector<std::int64_t> ideal(problem.pairs.size() *
                                  static_cast<std::size_t>(problem.rows * problem.columns));
  for (const ProductProblem::Pair& pair : problem.pairs)
    for (std::int64_t r = 0; r < problem.rows; ++r)
      for (std::int64_t c = 0; c < problem.columns; ++c) {
        const std::int64_t sum =
            dot(a.data() + pair.a + r * steps.a_row, b.data() + pair.b + c * steps.b_column, steps,
                problem.inner, plan.a.zero_point, plan.b.zero_point);
        const long double code =
            gain * static_cast<long double>(sum) + static_cast<long double>(plan.out.zero_point);
        ideal[static_cast<std::size_t>(pair.y + r * problem.columns + c)] =
            static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(code, -128, 127)));
      }
  return ideal;
}

}  // namespace bpusim
