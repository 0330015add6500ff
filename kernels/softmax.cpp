#include "kernels/softmax.h"

#include <algorithm>
#include <cmath>

#include "kernels/fixed_point.h"

namespace bpusim {

SoftmaxPlan plan_softmax(const Quantisation& in, const Quantisation& out) {
  SoftmaxPlan plan{in, out, {}, std::llround(std::ldexp(1 / out.scale, 20)), {}};
  for (std::size_t d = 0; d < plan.exponential.size(); ++d)
    plan.exponential[d] = static_cast<std::uint32_t>(
        std::llround(std::ldexp(std::exp(-in.scale * static_cast<double>(d)), 30)));
  for (int k = 0; in.dtype == DType::Int16 && k < 256; ++k)
    plan.coarse.push_back(
        static_cast<std::uint32_t>(std::llround(std::ldexp(std::exp(-in.scale * 256 * k), 30))));
  return plan;
}

void softmax_int8(const SoftmaxPlan& plan, const std::int8_t* x, std::int64_t rows, std::int64_t elements,
                  std::int8_t* y) {
  for (std::int64_t r = 0; r < rows; ++r, x += elements, y += elements) {
    const int largest = *std::max_element(x, x + elements);
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < elements; ++i)
      sum += plan.exponential[static_cast<std::size_t>(largest - x[i])];
    for (std::int64_t i = 0; i < elements; ++i) {
      const Int128 numerator =
          Int128{plan.exponential[static_cast<std::size_t>(largest - x[i])]} * plan.reciprocal_q20;
      const auto code =
          static_cast<std::int64_t>(round_div(numerator, Int128{sum} << 20, Rounding::HalfEven));
      y[i] = static_cast<std::int8_t>(std::clamp<std::int64_t>(code + plan.out.zero_point, -128, 127));
    }
  }
}

std::vector<std::int64_t> ideal_softmax(const SoftmaxPlan& plan, const std::vector<std::int64_t>& codes,
                                        std::int64_t elements) {
  std::vector<std::int64_t> ideal;
  for (std::size_t row = 0; row < codes.size(); row += static_cast<std::size_t>(elements)) {
    const auto first = codes.begin() + static_cast<std::ptrdiff_t>(row);
    const std::int64_t largest = *std::max_element(first, first + elements);
    long double sum = 0;
    const auto e = [&](std::int64_t code) {
      return std::exp(static_cast<long double>(plan.in.scale) * static_cast<long double>(code - largest));
    };
    for (auto q = first; q != first + elements; ++q) sum += e(*q);
    for (auto q = first; q != first + elements; ++q) {
      const long double real = e(*q) / sum / plan.out.scale + static_cast<long double>(plan.out.zero_point);
      ideal.push_back(static_cast<std::int64_t>(
          std::nearbyint(std::clamp<long double>(real, plan.out.lowest(), plan.out.highest()))));
    }
  }
  return ideal;
}

}  // namespace bpusim
