#include "kernels/vector/elementwise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "kernels/quantise/affine_int16.h"
#include "kernels/vector/elementwise_rows.h"
#include "kernels/vector/vector_int16.h"

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

}  // namespace

std::int64_t quotient(Int128 n, Int128 d, Rounding rounding) {
  constexpr std::int64_t kBeyond = std::int64_t{1} << 40;
  if (d == 0) return n == 0 ? 0 : n > 0 ? kBeyond : -kBeyond;
  const Int128 q = d > 0 ? round_div(n, d, rounding) : round_div(-n, -d, rounding);
  return static_cast<std::int64_t>(std::clamp<Int128>(q, -kBeyond, kBeyond));
}

ElementwisePlan plan_elementwise(ElementwiseKind kind, const std::vector<Quantisation>& in,
                                 const Quantisation& out, int multiplier_bits, Rounding rounding) {
  const auto refuse = [kind](const char* what) {
    throw std::invalid_argument(std::string(to_string(kind)) + ": " + what);
  };
  if (static_cast<int>(in.size()) != operand_count(kind)) refuse("wrong number of operands");
  ElementwisePlan plan;
  plan.kind = kind;
  plan.in = in;
  plan.out = out;
  plan.rounding = rounding;
  if (out.dtype == DType::Float32) {
    if (kind != ElementwiseKind::Copy) refuse("onto float32 there are copies only");
    return plan;
  }
  plan.lowest = out.lowest();
  plan.highest = out.highest();
  const std::vector<double> gains = gains_of(kind, in, out.scale);
  plan.multipliers.reserve(gains.size());
  int exponent = 0;
  std::frexp(*std::max_element(gains.begin(), gains.end()), &exponent);  // the largest < 2^exponent
  // What the multipliers meet stays below 2^30, so the sum of two products stays within 2^62; of int16 below
  // 2^34, with multipliers of 8 bits more.
  const bool wide = takes_int16(plan);
  // A slope's multiplier is smaller than the one beside it by the slopes' scale, which 16 bits make up for.
  const int more = wide ? kInt16MultiplierBits + (kind == ElementwiseKind::PRelu ? 16 : 0) : 0;
  plan.shift = std::clamp(multiplier_bits + more - exponent, 0, 62);
  for (const double gain : gains) {
    // A gain of 2^31 steps or more takes every code but zero to the end of the grid, whatever it is.
    const double multiplier = std::min(std::ldexp(gain, plan.shift), std::ldexp(1.0, 31 + more));
    plan.multipliers.push_back(std::llround(multiplier));
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  for (const Quantisation& grid : in)
    if (reach(grid) >= kMost) refuse("a zero point is beyond 2^30");
  const bool multiplies = kind == ElementwiseKind::Mul || kind == ElementwiseKind::PRelu;
  plan.beyond_64_bits = multiplies && reach(in[0]) * reach(in[1]) > (wide ? kMost << 4 : kMost);
  if (kind == ElementwiseKind::Sub) plan.multipliers[1] = -plan.multipliers[1];
  if (kind == ElementwiseKind::ReverseSub) plan.multipliers[0] = -plan.multipliers[0];
  return plan;
}

namespace {

bool adds_or_multiplies(ElementwiseKind kind) {
  return kind == ElementwiseKind::Add || kind == ElementwiseKind::Sub ||
         kind == ElementwiseKind::ReverseSub || kind == ElementwiseKind::Mul;
}

// Whether vectors do it: sums and products of two operands with multipliers of 32 bits.
bool in_vectors(const ElementwisePlan& plan) {
  return adds_or_multiplies(plan.kind) &&
         std::all_of(plan.multipliers.begin(), plan.multipliers.end(),
                     [](std::int64_t m) { return std::abs(m) <= INT32_MAX; });
}

// How many further elements take the value that element i takes, i among them.
std::int64_t run_at(const Broadcast& broadcast, std::int64_t i) {
  return broadcast.run - i % broadcast.run;
}

bool repeats_nothing(const Broadcast& broadcast) {
  return broadcast.run == 1 && broadcast.count == 0;
}

void pairs_int8(const ElementwisePlan& plan, const std::int8_t* a, const std::int8_t* b, std::int64_t count,
                std::int8_t* y, const Broadcast& broadcast) {
  const std::int64_t za = plan.in[0].zero_point, zb = plan.in[1].zero_point, ma = plan.multipliers[0];
  PairMap map;
  map.product = plan.kind == ElementwiseKind::Mul;
  const std::int64_t mb = map.product ? 0 : plan.multipliers[1];
  map.first = static_cast<std::int32_t>(ma);
  map.second = static_cast<std::int32_t>(mb);
  map.constant = map.product ? 0 : -ma * za - mb * zb;
  map.zero_a = static_cast<std::int32_t>(za);
  map.zero_b = static_cast<std::int32_t>(zb);
  map.shift = plan.shift;
  map.rounding = plan.rounding;
  map.range = {plan.out.zero_point, plan.lowest, plan.highest};
  if (repeats_nothing(broadcast)) return map_pairs(map, a, b, count, y);
  constexpr std::int64_t kChunk = 1024;
  std::int8_t second[kChunk];
  for (std::int64_t first = 0; first < count; first += kChunk) {
    const std::int64_t n = std::min(kChunk, count - first);
    if (broadcast.run == 1) {
      std::int64_t at = broadcast.at(first);
      for (std::int64_t i = 0; i < n; ++i, ++at) {
        if (at == broadcast.count) at = 0;
        second[i] = b[at];
      }
    } else {
      for (std::int64_t i = 0; i < n;) {
        const std::int64_t run = std::min(run_at(broadcast, first + i), n - i);
        std::fill_n(second + i, run, b[broadcast.at(first + i)]);
        i += run;
      }
    }
    map_pairs(map, a + first, second, n, y + first);
  }
}

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
  if (in_vectors(plan)) return pairs_int8(plan, a, b, count, y, broadcast);
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
      const Int128 one = Int128{1} << plan.shift;
      const auto divide = [&](I p, I q) {
        return quotient(Int128{ma} * (reverse ? q : p), (reverse ? p : q) * one, plan.rounding);
      };
      return pairwise(plan, a, b, count, y, broadcast, divide, place);
    }
    case ElementwiseKind::Copy:
    case ElementwiseKind::Relu:
      break;
  }
  const std::int64_t floor = plan.kind == ElementwiseKind::Relu ? 0 : INT64_MIN, za = plan.in[0].zero_point;
  const auto map = [&](std::int64_t code) { return finish(ma * std::max(code - za, floor)); };
  constexpr std::int64_t kCodes = 256;
  if (count < 2 * kCodes) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = map(a[i]);
    return;
  }
  std::int8_t table[kCodes];  // of all codes: fewer than there are elements
  for (std::int64_t code = -128; code < 128; ++code) table[code + 128] = map(code);
  for (std::int64_t i = 0; i < count; ++i) y[i] = table[a[i] + 128];
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

// The exact result of codes, rounded once.
std::int64_t exact_code(const ElementwisePlan& plan, std::int64_t a, std::int64_t b) {
  const auto real = [&](std::size_t k, std::int64_t code) {
    return static_cast<long double>(plan.in[k].scale) *
           static_cast<long double>(code - plan.in[k].zero_point);
  };
  const long double value = real_result(plan.kind, real(0, a), plan.in.size() > 1 ? real(1, b) : 0);
  const long double code = value / plan.out.scale + static_cast<long double>(plan.out.zero_point);
  return static_cast<std::int64_t>(std::nearbyint(std::clamp<long double>(
      code, static_cast<long double>(plan.lowest), static_cast<long double>(plan.highest))));
}

bool are_int8(const std::vector<std::int64_t>& codes) {
  return std::all_of(codes.begin(), codes.end(), [](std::int64_t q) { return q >= -128 && q <= 127; });
}

// exact_code() in doubles, each operand's part of it from a table by code. Reals are off by no more than
// 2^-50 times the largest magnitudes that meet in them (each entry, the sum or product, and the zero point
// round once, 2^-53 each); what comes nearer to a tie than that goes through long double.
class PairTable {
 public:
  explicit PairTable(const ElementwisePlan& plan)
      : plan_(plan),
        zero_(static_cast<double>(plan.out.zero_point)),
        lowest_(static_cast<double>(plan.lowest)),
        highest_(static_cast<double>(plan.highest)) {
    const bool product = plan.kind == ElementwiseKind::Mul;
    const long double out = plan.out.scale, sign_a = plan.kind == ElementwiseKind::ReverseSub ? -1 : 1,
                      sign_b = plan.kind == ElementwiseKind::Sub ? -1 : 1;
    double most_a = 0, most_b = 0;
    for (std::int64_t q = -128; q < 128; ++q) {
      const auto i = static_cast<std::size_t>(q + 128);
      const auto a =
          static_cast<long double>(plan.in[0].scale) * static_cast<long double>(q - plan.in[0].zero_point);
      const auto b =
          static_cast<long double>(plan.in[1].scale) * static_cast<long double>(q - plan.in[1].zero_point);
      a_[i] = static_cast<double>(product ? a : sign_a * a / out);
      b_[i] = static_cast<double>(sign_b * b / out);
      most_a = std::max(most_a, std::abs(a_[i]));
      most_b = std::max(most_b, std::abs(b_[i]));
    }
    doubt_ = std::ldexp((product ? most_a * most_b : most_a + most_b) + std::abs(zero_) + 1, -50);
  }

  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    constexpr double kWhole = 6755399441055744.0;  // 1.5 * 2^52: adding it leaves no bit behind the point
    const double x = a_[static_cast<std::size_t>(a + 128)], w = b_[static_cast<std::size_t>(b + 128)];
    const double real = (plan_.kind == ElementwiseKind::Mul ? x * w : x + w) + zero_;
    const double code = std::clamp(real, lowest_, highest_) + kWhole - kWhole;
    const double distance = std::abs(real - code);
    if (std::abs(distance - 0.5) <= doubt_ || doubt_ > 0.25) return exact_code(plan_, a, b);
    return static_cast<std::int64_t>(code);
  }

 private:
  const ElementwisePlan& plan_;
  double zero_, lowest_, highest_, doubt_ = 0;
  std::array<double, 256> a_{}, b_{};
};

}  // namespace

void elementwise_float32(const ElementwisePlan& plan, const std::int16_t* a, std::int64_t count, float* y) {
  std::transform(a, a + count, y,
                 [&](std::int16_t code) { return static_cast<float>(dequantise(code, plan.in.front())); });
}

std::vector<std::int64_t> ideal_elementwise(const ElementwisePlan& plan,
                                            const std::vector<std::vector<std::int64_t>>& operands,
                                            const Broadcast& broadcast) {
  const std::vector<std::int64_t>& a = operands.front();
  std::vector<std::int64_t> y(a.size());
  constexpr std::size_t kCodes = 256;
  const bool pair = operand_count(plan.kind) == 2;
  const auto second = [&](std::size_t i) {
    return operands.back()[static_cast<std::size_t>(broadcast.at(static_cast<std::int64_t>(i)))];
  };
  if (y.size() < 2 * kCodes || !are_int8(a) || !are_int8(operands.back()) ||
      (pair && !adds_or_multiplies(plan.kind))) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = exact_code(plan, a[i], pair ? second(i) : 0);
  } else if (!pair) {
    std::array<std::int64_t, kCodes> table{};
    for (std::int64_t q = -128; q < 128; ++q)
      table[static_cast<std::size_t>(q + 128)] = exact_code(plan, q, 0);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = table[static_cast<std::size_t>(a[i] + 128)];
  } else {
    const PairTable table(plan);
    if (repeats_nothing(broadcast)) {
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = table(a[i], operands[1][i]);
    } else {
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = table(a[i], second(i));
    }
  }
  return y;
}

}  // namespace bpusim
