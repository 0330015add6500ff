#include "kernels/unary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/vector_int16.h"

namespace bpusim {

namespace {

using Constants = std::vector<Tensor>;

double constant(const Constants& constants, std::size_t i, double fallback) {
  return i < constants.size() && constants[i].size() == 1 ? constants[i].values[0] : fallback;
}

// Outside of their domain functions take the value at its edge, so that tables have no NaN.
constexpr double kBelowOne = 1 - 1e-12;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// Looked up once, not for each element: most of a network's elements may pass through a Clip.
RealFunction bind_clip(const Attributes& a, const Constants& c) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double low = constant(c, 0, a.get("min", -infinity)), high = constant(c, 1, a.get("max", infinity));
  return [low, high](double x) { return std::min(std::max(x, low), high); };
}

double clip(double x, const Attributes& a, const Constants& c) {
  return bind_clip(a, c)(x);
}

double hard_sigmoid(double x, const Attributes& a, const Constants&) {
  return std::clamp(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0.0, 1.0);
}

double gelu(double x, const Attributes& a, const Constants&) {
  if (a.get("approximate", std::string("none")) == "tanh")
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

double power(double x, const Attributes&, const Constants& c) {
  if (c.size() != 1 || c[0].size() != 1)
    throw std::invalid_argument("Pow: the exponent must be one constant");
  return std::pow(x, c[0].values[0]);
}

}  // namespace

const std::vector<UnaryDefinition>& unary_registry() {
  static const std::vector<UnaryDefinition> rows = {
      {"Abs", [](double x, const Attributes&, const Constants&) { return std::abs(x); }},
      {"Acos",
       [](double x, const Attributes&, const Constants&) { return std::acos(std::clamp(x, -1.0, 1.0)); }},
      {"Acosh", [](double x, const Attributes&, const Constants&) { return std::acosh(std::max(x, 1.0)); }},
      {"Asin",
       [](double x, const Attributes&, const Constants&) { return std::asin(std::clamp(x, -1.0, 1.0)); }},
      {"Asinh", [](double x, const Attributes&, const Constants&) { return std::asinh(x); }},
      {"Atan", [](double x, const Attributes&, const Constants&) { return std::atan(x); }},
      {"Atanh", [](double x, const Attributes&,
                   const Constants&) { return std::atanh(std::clamp(x, -kBelowOne, kBelowOne)); }},
      {"Ceil", [](double x, const Attributes&, const Constants&) { return std::ceil(x); }},
      {"Celu",
       [](double x, const Attributes& a, const Constants&) {
         const double alpha = a.get("alpha", 1.0);
         return std::max(x, 0.0) + std::min(alpha * std::expm1(x / alpha), 0.0);
       }},
      {"Clip", clip, bind_clip},
      {"Cos", [](double x, const Attributes&, const Constants&) { return std::cos(x); }},
      {"Cosh", [](double x, const Attributes&, const Constants&) { return std::cosh(x); }},
      {"Elu", [](double x, const Attributes& a,
                 const Constants&) { return x < 0 ? a.get("alpha", 1.0) * std::expm1(x) : x; }},
      {"Erf", [](double x, const Attributes&, const Constants&) { return std::erf(x); }},
      {"Exp", [](double x, const Attributes&, const Constants&) { return std::exp(x); }},
      {"Floor", [](double x, const Attributes&, const Constants&) { return std::floor(x); }},
      {"Gelu", gelu},
      {"HardSigmoid", hard_sigmoid},
      {"HardSwish",
       [](double x, const Attributes&, const Constants&) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
      {"LeakyRelu",
       [](double x, const Attributes& a, const Constants&) { return x < 0 ? a.get("alpha", 0.01) * x : x; }},
      {"Log", [](double x, const Attributes&, const Constants&) { return std::log(std::max(x, 1e-30)); }},
      {"Mish",
       [](double x, const Attributes&, const Constants&) { return x * std::tanh(std::log1p(std::exp(x))); }},
      {"Neg", [](double x, const Attributes&, const Constants&) { return -x; }},
      {"Not", [](double x, const Attributes&, const Constants&) { return x == 0 ? 1.0 : 0.0; }},
      {"Pow", power},
      {"Reciprocal", [](double x, const Attributes&, const Constants&) { return 1 / (x == 0 ? 1e-30 : x); }},
      {"Round", [](double x, const Attributes&, const Constants&) { return std::nearbyint(x); }},
      {"Selu",
       [](double x, const Attributes& a, const Constants&) {
         const double gamma = a.get("gamma", 1.0507009873554805), alpha = a.get("alpha", 1.6732632423543772);
         return gamma * (x > 0 ? x : alpha * std::expm1(x));
       }},
      {"Sigmoid", [](double x, const Attributes&, const Constants&) { return sigmoid(x); }},
      {"Sign",
       [](double x, const Attributes&, const Constants&) { return x > 0   ? 1.0
                                                                  : x < 0 ? -1.0
                                                                          : 0.0; }},
      {"SiLU", [](double x, const Attributes&, const Constants&) { return x * sigmoid(x); }},
      {"Sin", [](double x, const Attributes&, const Constants&) { return std::sin(x); }},
      {"Sinh", [](double x, const Attributes&, const Constants&) { return std::sinh(x); }},
      {"Softplus", [](double x, const Attributes&, const Constants&) { return std::log1p(std::exp(x)); }},
      {"Softsign", [](double x, const Attributes&, const Constants&) { return x / (1 + std::abs(x)); }},
      {"Sqrt", [](double x, const Attributes&, const Constants&) { return std::sqrt(std::max(x, 0.0)); }},
      {"Tan", [](double x, const Attributes&, const Constants&) { return std::tan(x); }},
      {"Tanh", [](double x, const Attributes&, const Constants&) { return std::tanh(x); }},
      {"ThresholdedRelu",
       [](double x, const Attributes& a, const Constants&) { return x > a.get("alpha", 1.0) ? x : 0.0; }},
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
  if (row->bind != nullptr) return row->bind(attributes, constants);
  return [row, attributes, constants](double x) { return row->function(x, attributes, constants); };
}

LookupPlan plan_lookup(const RealFunction& function, const Quantisation& in, const Quantisation& out) {
  LookupPlan plan{in, out, {}, {}};
  if (takes_int16(plan)) {
    plan_lookup_int16(function, plan);
    return plan;
  }
  for (std::int64_t code = -128; code < 128; ++code) {
    const double y = function(dequantise(code, in));
    plan.table[static_cast<std::size_t>(code + 128)] =
        static_cast<std::int8_t>(quantise(std::isnan(y) ? 0.0 : y, out));
  }
  return plan;
}

void lookup_int8(const LookupPlan& plan, const std::int8_t* x, std::int64_t count, std::int8_t* y) {
  for (std::int64_t i = 0; i < count; ++i)
    y[i] = plan.table[static_cast<std::size_t>(std::int64_t{x[i]} + 128)];
}

}  // namespace bpusim
