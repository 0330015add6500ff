#include "kernels/vector/unary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/cpu/parallel.h"
#include "kernels/vector/vector_int16.h"

namespace bpusim {

namespace {

using Constants = std::vector<Tensor>;

double constant(const Constants& constants, std::size_t i, double fallback) {
  return i < constants.size() && constants[i].size() == 1 ? constants[i].values[0] : fallback;
}

constexpr double kBelowOne = 1 - 1e-12, kAlmostZero = 1e-30;  // edges of domains that do not belong to them

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// Beyond 40 the exponential is all, and beyond 709 it has no double.
double softplus(double x) {
  return x > 40 ? x : std::log1p(std::exp(x));
}

// A row without parameters.
template <class F>
UnaryDefinition plain(const char* op, F f, double (*inside)(double) = nullptr) {
  return {op, [f](const Attributes&, const Constants&) { return RealFunction(f); }, inside};
}

RealFunction celu(const Attributes& a, const Constants&) {
  return [alpha = a.get("alpha", 1.0)](double x) {
    return std::max(x, 0.0) + std::min(alpha * std::expm1(x / alpha), 0.0);
  };
}

RealFunction clip(const Attributes& a, const Constants& c) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double low = constant(c, 0, a.get("min", -infinity)), high = constant(c, 1, a.get("max", infinity));
  return [low, high](double x) { return std::min(std::max(x, low), high); };
}

RealFunction elu(const Attributes& a, const Constants&) {
  return [alpha = a.get("alpha", 1.0)](double x) { return x < 0 ? alpha * std::expm1(x) : x; };
}

RealFunction gelu(const Attributes& a, const Constants&) {
  if (a.get("approximate", std::string("none")) == "tanh")
    return
        [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); };
  return [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); };
}

RealFunction hard_sigmoid(const Attributes& a, const Constants&) {
  const double alpha = a.get("alpha", 0.2), beta = a.get("beta", 0.5);
  return [alpha, beta](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); };
}

RealFunction leaky_relu(const Attributes& a, const Constants&) {
  return [alpha = a.get("alpha", 0.01)](double x) { return x < 0 ? alpha * x : x; };
}

RealFunction power(const Attributes&, const Constants& c) {
  if (c.size() != 1 || c[0].size() != 1)
    throw std::invalid_argument("Pow: the exponent must be one constant");
  return [exponent = c[0].values[0]](double x) { return std::pow(x, exponent); };
}

RealFunction selu(const Attributes& a, const Constants&) {
  const double gamma = a.get("gamma", 1.0507009873554805), alpha = a.get("alpha", 1.6732632423543772);
  return [gamma, alpha](double x) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); };
}

RealFunction shrink(const Attributes& a, const Constants&) {
  return [edge = a.get("lambd", 0.5), bias = a.get("bias", 0.0)](double x) {
    return x < -edge ? x + bias : x > edge ? x - bias : 0.0;
  };
}

RealFunction thresholded_relu(const Attributes& a, const Constants&) {
  return [alpha = a.get("alpha", 1.0)](double x) { return x > alpha ? x : 0.0; };
}

constexpr std::int64_t kChunk = 1 << 13;  // values that a thread takes at a time

}  // namespace

void RealFunction::apply(double* values, std::int64_t count) const {
  constexpr std::int64_t kCost = 8;  // of a value, against one that is only touched
  parallel_for((count + kChunk - 1) / kChunk, count * kCost,
               [&](std::int64_t i) { rows_(values + i * kChunk, std::min(kChunk, count - i * kChunk)); });
}

const std::vector<UnaryDefinition>& unary_registry() {
  static const std::vector<UnaryDefinition> rows = {
      plain("Abs", [](double x) { return std::abs(x); }),
      plain(
          "Acos", [](double x) { return std::acos(x); }, [](double x) { return std::clamp(x, -1.0, 1.0); }),
      plain(
          "Acosh", [](double x) { return std::acosh(x); }, [](double x) { return std::max(x, 1.0); }),
      plain(
          "Asin", [](double x) { return std::asin(x); }, [](double x) { return std::clamp(x, -1.0, 1.0); }),
      plain("Asinh", [](double x) { return std::asinh(x); }),
      plain("Atan", [](double x) { return std::atan(x); }),
      plain(
          "Atanh", [](double x) { return std::atanh(x); },
          [](double x) { return std::clamp(x, -kBelowOne, kBelowOne); }),
      plain("Ceil", [](double x) { return std::ceil(x); }),
      {"Celu", celu},
      {"Clip", clip},
      plain("Cos", [](double x) { return std::cos(x); }),
      plain("Cosh", [](double x) { return std::cosh(x); }),
      {"Elu", elu},
      plain("Erf", [](double x) { return std::erf(x); }),
      plain("Exp", [](double x) { return std::exp(x); }),
      plain("Floor", [](double x) { return std::floor(x); }),
      {"Gelu", gelu},
      {"HardSigmoid", hard_sigmoid},
      plain("HardSwish", [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }),
      {"LeakyRelu", leaky_relu},
      plain(
          "Log", [](double x) { return std::log(x); }, [](double x) { return std::max(x, kAlmostZero); }),
      plain("Mish", [](double x) { return x * std::tanh(softplus(x)); }),
      plain("Neg", [](double x) { return -x; }),
      plain("Not", [](double x) { return x == 0 ? 1.0 : 0.0; }),
      {"Pow", power},
      plain(
          "Reciprocal", [](double x) { return 1 / x; }, [](double x) { return x == 0 ? kAlmostZero : x; }),
      plain("Round", [](double x) { return std::nearbyint(x); }),
      {"Selu", selu},
      {"Shrink", shrink},
      plain("Sigmoid", sigmoid),
      plain("Sign", [](double x) { return x > 0   ? 1.0
                                          : x < 0 ? -1.0
                                                  : 0.0; }),
      plain("SiLU", [](double x) { return x * sigmoid(x); }),
      plain("Sin", [](double x) { return std::sin(x); }),
      plain("Sinh", [](double x) { return std::sinh(x); }),
      plain("Softplus", softplus),
      plain("Softsign", [](double x) { return x / (1 + std::abs(x)); }),
      plain(
          "Sqrt", [](double x) { return std::sqrt(x); }, [](double x) { return std::max(x, 0.0); }),
      plain("Tan", [](double x) { return std::tan(x); }),
      plain("Tanh", [](double x) { return std::tanh(x); }),
      {"ThresholdedRelu", thresholded_relu},
  };
  return rows;
}

const UnaryDefinition* find_unary(const std::string& op) {
  for (const UnaryDefinition& row : unary_registry())
    if (op == row.op) return &row;
  return nullptr;
}

RealFunction unary_function(const std::string& op, const Attributes& attributes,
                            const std::vector<Tensor>& constants) {
  const UnaryDefinition* row = find_unary(op);
  if (row == nullptr) throw std::invalid_argument(op + " is no function of one element");
  return row->bind(attributes, constants);
}

RealFunction table_function(const std::string& op, const Attributes& attributes,
                            const std::vector<Tensor>& constants) {
  RealFunction function = unary_function(op, attributes, constants);
  const auto inside = find_unary(op)->inside;
  if (inside == nullptr) return function;
  return RealFunction::of_rows([function, inside](double* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = inside(values[i]);
    function.rows(values, count);
  });
}

LookupPlan plan_lookup(const RealFunction& function, const Quantisation& in, const Quantisation& out) {
  LookupPlan plan;
  plan.in = in;
  plan.out = out;
  for (std::int64_t code = -128; code < 128; ++code) {
    const double y = function(dequantise(code, in));
    plan.table[static_cast<std::size_t>(code + 128)] =
        static_cast<std::int16_t>(quantise(std::isnan(y) ? 0.0 : y, out));
  }
  return plan;
}

void lookup_int8(const LookupPlan& plan, const std::int8_t* x, std::int64_t count, std::int8_t* y) {
  for (std::int64_t i = 0; i < count; ++i)
    y[i] = static_cast<std::int8_t>(plan.table[static_cast<std::size_t>(std::int64_t{x[i]} + 128)]);
}

}  // namespace bpusim
