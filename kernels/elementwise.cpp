#include "kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace bpusim {

const char* to_string(ElementwiseKind kind) {
  switch (kind) {
    case ElementwiseKind::Copy:
      return "Copy";
    case ElementwiseKind::Relu:
      return "Relu";
    case ElementwiseKind::Add:
      return "Add";
  }
  throw std::logic_error("to_string: unknown ElementwiseKind");
}

ElementwisePlan plan_elementwise(ElementwiseKind kind, const std::vector<Quantisation>& in,
                                 const Quantisation& out, int multiplier_bits, Rounding rounding) {
  if (static_cast<int>(in.size()) != operand_count(kind))
    throw std::invalid_argument(std::string(to_string(kind)) + ": wrong number of operands");
  ElementwisePlan plan{kind, in, out, rounding, {}, 0};
  double largest = 0;
  for (const Quantisation& grid : in) largest = std::max(largest, grid.scale / out.scale);
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest < 2^exponent
  // Differences of codes and zero points stay below 2^30, so the sum of two products stays within 2^62.
  plan.shift = std::clamp(multiplier_bits - exponent, 0, 62);
  for (const Quantisation& grid : in) {
    if (std::abs(grid.zero_point) > (std::int64_t{1} << 29))
      throw std::invalid_argument(std::string(to_string(kind)) + ": a zero point is beyond 2^29");
    plan.multipliers.push_back(std::llround(std::ldexp(grid.scale / out.scale, plan.shift)));
    if (plan.multipliers.back() > (std::int64_t{1} << 31))
      throw std::invalid_argument(std::string(to_string(kind)) +
                                  ": an operand's scale is 2^31 output steps or more");
  }
  return plan;
}

void elementwise_int8(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b,
                      std::int64_t count, std::int8_t* y) {
  const auto finish = [&](std::int64_t sum) {
    return static_cast<std::int8_t>(std::clamp<std::int64_t>(
        round_shift64(sum, plan.shift, plan.rounding) + plan.out.zero_point, -128, 127));
  };
  const std::int64_t ma = plan.multipliers[0], za = plan.in[0].zero_point;
  if (plan.kind == ElementwiseKind::Add) {
    const std::int64_t mb = plan.multipliers[1], zb = plan.in[1].zero_point;
    for (std::int64_t i = 0; i < count; ++i) y[i] = finish(ma * (a[i] - za) + mb * (b[i] - zb));
    return;
  }
  const std::int64_t floor = plan.kind == ElementwiseKind::Relu ? 0 : INT64_MIN;
  for (std::int64_t i = 0; i < count; ++i) y[i] = finish(ma * std::max(a[i] - za, floor));
}

std::vector<double> golden_elementwise(ElementwiseKind kind,
                                       const std::vector<std::vector<double>>& operands) {
  std::vector<double> y = operands.front();
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (kind == ElementwiseKind::Relu) y[i] = std::max(y[i], 0.0);
    if (kind == ElementwiseKind::Add) y[i] += operands[1][i];
  }
  return y;
}

std::vector<std::int64_t> ideal_elementwise(const ElementwisePlan& plan,
                                            const std::vector<std::vector<std::int64_t>>& operands) {
  std::vector<std::int64_t> y(operands.front().size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    long double sum = 0;
    for (std::size_t k = 0; k < operands.size(); ++k)
      sum += static_cast<long double>(plan.in[k].scale) *
             static_cast<long double>(operands[k][i] - plan.in[k].zero_point);
    if (plan.kind == ElementwiseKind::Relu) sum = std::max(sum, 0.0L);
    const long double real = sum / plan.out.scale + static_cast<long double>(plan.out.zero_point);
    y[i] = static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(real, -128, 127)));
  }
  return y;
}

}  // namespace bpusim
