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
    case ElementwiseKind::Sub:
    case ElementwiseKind::ReverseSub:
      return "Sub";
    case ElementwiseKind::Mul:
      return "Mul";
    case ElementwiseKind::Div:
    case ElementwiseKind::ReverseDiv:
      return "Div";
    case ElementwiseKind::Min:
      return "Min";
    case ElementwiseKind::Max:
      return "Max";
    case ElementwiseKind::PRelu:
      return "PRelu";
  }
  throw std::logic_error("to_string: unknown ElementwiseKind");
}

namespace {

// Largest distance of a code from its zero point.
std::int64_t reach(const Quantisation& grid) {
  return std::max(std::abs(grid.highest() - grid.zero_point), std::abs(grid.lowest() - grid.zero_point));
}

// What each multiplier stands for, in steps of the output's grid.
std::vector<double> gains_of(ElementwiseKind kind, const std::vector<Quantisation>& in, double out) {
  switch (kind) {
    case ElementwiseKind::Mul:
      return {in[0].scale * in[1].scale / out};
    case ElementwiseKind::Div:
      return {in[0].scale / (in[1].scale * out)};
    case ElementwiseKind::ReverseDiv:
      return {in[1].scale / (in[0].scale * out)};
    case ElementwiseKind::PRelu:
      return {in[0].scale / out, in[0].scale * in[1].scale / out};
    default:
      break;
  }
  std::vector<double> gains;
  gains.reserve(in.size());
  for (const Quantisation& grid : in) gains.push_back(grid.scale / out);
  return gains;
}

// n / d rounded to a whole number; beyond every grid where d is 0 and n is not.
std::int64_t quotient(Int128 n, Int128 d, Rounding rounding) {
  constexpr std::int64_t kBeyond = std::int64_t{1} << 40;
  if (d == 0) return n == 0 ? 0 : n > 0 ? kBeyond : -kBeyond;
  const Int128 q = d > 0 ? round_div(n, d, rounding) : round_div(-n, -d, rounding);
  return static_cast<std::int64_t>(std::clamp<Int128>(q, -kBeyond, kBeyond));
}

}  // namespace

ElementwisePlan plan_elementwise(ElementwiseKind kind, const std::vector<Quantisation>& in,
                                 const Quantisation& out, int multiplier_bits, Rounding rounding) {
  const auto refuse = [kind](const char* what) {
    throw std::invalid_argument(std::string(to_string(kind)) + ": " + what);
  };
  if (static_cast<int>(in.size()) != operand_count(kind)) refuse("wrong number of operands");
  ElementwisePlan plan{kind, in, out, rounding, {}, 0};
  const std::vector<double> gains = gains_of(kind, in, out.scale);
  plan.multipliers.reserve(gains.size());
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
  const bool multiplies = kind == ElementwiseKind::Mul || kind == ElementwiseKind::PRelu;
  if (multiplies && reach(in[0]) * reach(in[1]) >= kMost) refuse("zero points are too far out");
  if (kind == ElementwiseKind::Sub) plan.multipliers[1] = -plan.multipliers[1];
  if (kind == ElementwiseKind::ReverseSub) plan.multipliers[0] = -plan.multipliers[0];
  return plan;
}

namespace {

// Two operands: calls op(a - z_a, b - z_b) for each element, which gives what `finish` rounds.
template <class Op, class Finish>
void pairwise(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b, std::int64_t count,
              std::int8_t* y, const Broadcast& broadcast, Op&& op, Finish&& finish) {
  const std::int64_t za = plan.in[0].zero_point, zb = plan.in[1].zero_point;
  for (std::int64_t i = 0; i < count; ++i) y[i] = finish(op(a[i] - za, b[broadcast.at(i)] - zb));
}

}  // namespace

void elementwise_int8(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b,
                      std::int64_t count, std::int8_t* y, const Broadcast& broadcast) {
  const auto place = [&](std::int64_t steps) {
    return static_cast<std::int8_t>(
        std::clamp<std::int64_t>(steps + plan.out.zero_point, plan.lowest, plan.highest));
  };
  const auto finish = [&](std::int64_t sum) { return place(round_shift64(sum, plan.shift, plan.rounding)); };
  const auto each = [&](auto&& op) { pairwise(plan, a, b, count, y, broadcast, op, finish); };
  const std::int64_t ma = plan.multipliers[0], mb = plan.multipliers.back();
  using I = std::int64_t;
  switch (plan.kind) {
    case ElementwiseKind::Mul:
      return each([&](I p, I q) { return ma * (p * q); });
    case ElementwiseKind::Add:
    case ElementwiseKind::Sub:
    case ElementwiseKind::ReverseSub:
      return each([&](I p, I q) { return ma * p + mb * q; });
    case ElementwiseKind::Min:
      return each([&](I p, I q) { return std::min(ma * p, mb * q); });
    case ElementwiseKind::Max:
      return each([&](I p, I q) { return std::max(ma * p, mb * q); });
    case ElementwiseKind::PRelu:
      return each([&](I p, I q) { return p < 0 ? mb * (p * q) : ma * p; });
    case ElementwiseKind::Div:
    case ElementwiseKind::ReverseDiv: {
      const bool reverse = plan.kind == ElementwiseKind::ReverseDiv;
      const auto divide = [&](I p, I q) {
        return quotient(Int128{ma} * (reverse ? q : p), Int128{reverse ? p : q} << plan.shift, plan.rounding);
      };
      return pairwise(plan, a, b, count, y, broadcast, divide, place);
    }
    case ElementwiseKind::Copy:
    case ElementwiseKind::Relu:
      break;
  }
  const std::int64_t floor = plan.kind == ElementwiseKind::Relu ? 0 : INT64_MIN, za = plan.in[0].zero_point;
  for (std::int64_t i = 0; i < count; ++i) y[i] = finish(ma * std::max(a[i] - za, floor));
}

namespace {

long double real_result(ElementwiseKind kind, long double a, long double b) {
  const auto divide = [](long double n, long double d) {
    if (d != 0) return n / d;
    return n == 0 ? 0.0L : std::copysign(HUGE_VALL, n);
  };
  switch (kind) {
    case ElementwiseKind::Copy:
      return a;
    case ElementwiseKind::Relu:
      return std::max(a, 0.0L);
    case ElementwiseKind::Add:
      return a + b;
    case ElementwiseKind::Sub:
      return a - b;
    case ElementwiseKind::ReverseSub:
      return b - a;
    case ElementwiseKind::Mul:
      return a * b;
    case ElementwiseKind::Div:
      return divide(a, b);
    case ElementwiseKind::ReverseDiv:
      return divide(b, a);
    case ElementwiseKind::Min:
      return std::min(a, b);
    case ElementwiseKind::Max:
      return std::max(a, b);
    case ElementwiseKind::PRelu:
      return a < 0 ? a * b : a;
  }
  throw std::logic_error("real_result: unknown ElementwiseKind");
}

}  // namespace

std::vector<std::int64_t> ideal_elementwise(const ElementwisePlan& plan,
                                            const std::vector<std::vector<std::int64_t>>& operands,
                                            const Broadcast& broadcast) {
  std::vector<std::int64_t> y(operands.front().size());
  const auto real = [&](std::size_t k, std::size_t i) {
    return static_cast<long double>(plan.in[k].scale) *
           static_cast<long double>(operands[k][i] - plan.in[k].zero_point);
  };
  const bool two = operand_count(plan.kind) == 2;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto j = static_cast<std::size_t>(broadcast.at(static_cast<std::int64_t>(i)));
    const long double value = real_result(plan.kind, real(0, i), two ? real(1, j) : 0);
    const long double code = value / plan.out.scale + static_cast<long double>(plan.out.zero_point);
    y[i] = static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(
        code, static_cast<long double>(plan.lowest), static_cast<long double>(plan.highest))));
  }
  return y;
}

}  // namespace bpusim
