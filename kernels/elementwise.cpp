#include "kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/vector_int16.h"

namespace bpusim {

const char* to_string(ElementwiseKind kind) {
  switch (kind) {
    case ElementwiseKind::Copy:
      return "Copy";
    case ElementwiseKind::Relu:
      return "Relu";
    case ElementwiseKind::Add:
      return "Add";
    case ElementwiseKind::Sub:
      return "Sub";
    case ElementwiseKind::Mul:
      return "Mul";
  }
  throw std::logic_error("to_string: unknown ElementwiseKind");
}

namespace {

// Largest distance of a code from its zero point.
std::int64_t reach(const Quantisation& grid) {
  return std::max(std::abs(grid.highest() - grid.zero_point), std::abs(grid.lowest() - grid.zero_point));
}

}  // namespace

ElementwisePlan plan_elementwise(ElementwiseKind kind, const std::vector<Quantisation>& in,
                                 const Quantisation& out, int multiplier_bits, Rounding rounding) {
  const auto refuse = [kind](const char* what) {
    throw std::invalid_argument(std::string(to_string(kind)) + ": " + what);
  };
  if (static_cast<int>(in.size()) != operand_count(kind)) refuse("wrong number of operands");
  ElementwisePlan plan{kind, in, out, rounding, {}, 0};
  plan.multipliers.reserve(in.size());
  std::vector<double> gains;
  gains.reserve(in.size());
  for (const Quantisation& grid : in) gains.push_back(grid.scale / out.scale);
  if (kind == ElementwiseKind::Mul) gains = {in[0].scale * in[1].scale / out.scale};
  int exponent = 0;
  std::frexp(*std::max_element(gains.begin(), gains.end()), &exponent);  // the largest < 2^exponent
  // What the multipliers meet stays below 2^30, so the sum of two products stays within 2^62.
  plan.shift = std::clamp(multiplier_bits - exponent, 0, 62);
  for (const double gain : gains) {
    // A gain of 2^31 steps or more takes every code but zero to the end of the grid, whatever it is.
    const double multiplier = std::min(std::ldexp(gain, plan.shift), std::ldexp(1.0, 31));
    plan.multipliers.push_back(std::llround(multiplier));
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  for (const Quantisation& grid : in)
    if (reach(grid) >= kMost) refuse("a zero point is beyond 2^30");
  if (kind == ElementwiseKind::Mul && reach(in[0]) * reach(in[1]) > kMost)
    refuse("zero points are too far out");
  if (kind == ElementwiseKind::Sub) plan.multipliers[1] = -plan.multipliers[1];
  return plan;
}

void elementwise_int8(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b,
                      std::int64_t count, std::int8_t* y, const Broadcast& broadcast) {
  const auto finish = [&](std::int64_t sum) {
    return static_cast<std::int8_t>(std::clamp<std::int64_t>(
        round_shift64(sum, plan.shift, plan.rounding) + plan.out.zero_point, -128, 127));
  };
  const std::int64_t ma = plan.multipliers[0], za = plan.in[0].zero_point;
  if (operand_count(plan.kind) == 2) {
    const std::int64_t zb = plan.in[1].zero_point;
    if (plan.kind == ElementwiseKind::Mul) {
      for (std::int64_t i = 0; i < count; ++i) y[i] = finish(ma * ((a[i] - za) * (b[broadcast.at(i)] - zb)));
      return;
    }
    const std::int64_t mb = plan.multipliers[1];
    for (std::int64_t i = 0; i < count; ++i) y[i] = finish(ma * (a[i] - za) + mb * (b[broadcast.at(i)] - zb));
    return;
  }
  const std::int64_t floor = plan.kind == ElementwiseKind::Relu ? 0 : INT64_MIN;
  for (std::int64_t i = 0; i < count; ++i) y[i] = finish(ma * std::max(a[i] - za, floor));
}

std::vector<std::int64_t> ideal_elementwise(const ElementwisePlan& plan,
                                            const std::vector<std::vector<std::int64_t>>& operands,
                                            const Broadcast& broadcast) {
  if (takes_int16(plan)) return ideal_elementwise_int16(plan, operands, broadcast);
  std::vector<std::int64_t> y(operands.front().size());
  const auto real = [&](std::size_t k, std::size_t i) {
    return static_cast<long double>(plan.in[k].scale) *
           static_cast<long double>(operands[k][i] - plan.in[k].zero_point);
  };
  for (std::size_t i = 0; i < y.size(); ++i) {
    long double value = real(0, i);
    const auto j = static_cast<std::size_t>(broadcast.at(static_cast<std::int64_t>(i)));
    if (plan.kind == ElementwiseKind::Relu) value = std::max(value, 0.0L);
    if (plan.kind == ElementwiseKind::Add) value += real(1, j);
    if (plan.kind == ElementwiseKind::Sub) value -= real(1, j);
    if (plan.kind == ElementwiseKind::Mul) value *= real(1, j);
    const long double code = value / plan.out.scale + static_cast<long double>(plan.out.zero_point);
    y[i] = static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(code, -128, 127)));
  }
  return y;
}

}  // namespace bpusim
