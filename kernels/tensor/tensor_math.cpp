#include "kernels/tensor/tensor_math.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "kernels/cpu/parallel.h"
#include "kernels/tensor/broadcast.h"
#include "kernels/tensor/gemm.h"
#include "kernels/tensor/tensor_shapes.h"

namespace bpusim {

namespace {

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    throw std::invalid_argument("axis " + std::to_string(axis) + " is out of range for rank " +
                                std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

template <class Function>
Tensor combine(const Tensor& a, const Tensor& b, Function function) {
  Tensor y = Tensor::filled(broadcast_shape(a.shape, b.shape), 0);
  if (a.shape == b.shape) {
    constexpr std::int64_t kChunk = 1 << 15;
    parallel_for((y.size() + kChunk - 1) / kChunk, y.size(), [&](std::int64_t chunk) {
      const std::int64_t first = chunk * kChunk, last = std::min(y.size(), first + kChunk);
      const double *x = a.values.data(), *w = b.values.data();
      double* out = y.values.data();
      for (std::int64_t i = first; i < last; ++i) out[i] = function(x[i], w[i]);
    });
    return y;
  }
  for_each_run(y.shape, a.shape, b.shape, [&](const BroadcastRun& run) {
    const double *x = a.values.data() + run.a, *w = b.values.data() + run.b;
    double* out = y.values.data() + run.out;
    // One loop a kind of run, so that the compiler sees its strides.
    if (run.step_a == 1 && run.step_b == 1) {
      for (std::int64_t i = 0; i < run.count; ++i) out[i] = function(x[i], w[i]);
    } else if (run.step_a == 1) {
      for (std::int64_t i = 0; i < run.count; ++i) out[i] = function(x[i], *w);
    } else {
      for (std::int64_t i = 0; i < run.count; ++i) out[i] = function(*x, w[i * run.step_b]);
    }
  });
  return y;
}

using BinaryOperator = Tensor (*)(const Tensor&, const Tensor&);

template <class Function>
Tensor (*as_operator(Function))(const Tensor&, const Tensor&) {
  return [](const Tensor& a, const Tensor& b) { return combine(a, b, Function{}); };
}

struct Power {
  double operator()(double x, double y) const { return std::pow(x, y); }
};
struct Least {
  double operator()(double x, double y) const { return std::min(x, y); }
};
struct Greatest {
  double operator()(double x, double y) const { return std::max(x, y); }
};
struct SlopeBelowZero {
  double operator()(double x, double slope) const { return x < 0 ? slope * x : x; }
};
struct Remainder {
  double operator()(double x, double y) const { return x - y * std::floor(x / y); }
};
struct RemainderOfDividend {
  double operator()(double x, double y) const { return std::fmod(x, y); }
};

// Truth is 1, falsehood 0.
template <class Predicate>
struct Truth {
  double operator()(double x, double y) const { return Predicate{}(x, y) ? 1.0 : 0.0; }
};
struct Differ {
  bool operator()(double x, double y) const { return (x != 0) != (y != 0); }
};

BinaryOperator comparison(const std::string& op) {
  if (op == "Equal") return as_operator(Truth<std::equal_to<double>>());
  if (op == "Less") return as_operator(Truth<std::less<double>>());
  if (op == "LessOrEqual") return as_operator(Truth<std::less_equal<double>>());
  if (op == "Greater") return as_operator(Truth<std::greater<double>>());
  if (op == "GreaterOrEqual") return as_operator(Truth<std::greater_equal<double>>());
  if (op == "And") return as_operator(Truth<std::logical_and<double>>());
  if (op == "Or") return as_operator(Truth<std::logical_or<double>>());
  if (op == "Xor") return as_operator(Truth<Differ>());
  return nullptr;
}

BinaryOperator binary_operator(const std::string& op) {
  if (op == "Add") return as_operator(std::plus<double>());
  if (op == "Sub") return as_operator(std::minus<double>());
  if (op == "Mul") return as_operator(std::multiplies<double>());
  if (op == "Div") return as_operator(std::divides<double>());
  if (op == "Pow") return as_operator(Power());
  if (op == "Min") return as_operator(Least());
  if (op == "Max") return as_operator(Greatest());
  if (op == "PRelu") return as_operator(SlopeBelowZero());
  if (op == "Mod") return as_operator(Remainder());
  if (op == "FMod") return as_operator(RemainderOfDividend());
  return comparison(op);
}

// Folds x into y of shape `kept`, in row-major order of x.
template <class Function>
void fold(const Tensor& x, const Shape& kept, std::vector<double>& y, Function function) {
  for_each_run(x.shape, x.shape, kept, [&](const BroadcastRun& run) {
    const double* in = x.values.data() + run.a;
    double* out = y.data() + run.b;
    if (run.step_b == 1) {
      for (std::int64_t i = 0; i < run.count; ++i) out[i] = function(out[i], in[i]);
      return;
    }
    double value = *out;
    for (std::int64_t i = 0; i < run.count; ++i) value = function(value, in[i]);
    *out = value;
  });
}

}  // namespace

Shape broadcast_shape(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (const Shape* s : {&a, &b})
    for (std::size_t d = 0; d < s->size(); ++d) {
      std::int64_t& extent = shape[d + shape.size() - s->size()];
      if ((*s)[d] == 1) continue;
      if (extent != 1 && extent != (*s)[d])
        throw std::invalid_argument(to_string(a) + " and " + to_string(b) + " do not broadcast");
      extent = (*s)[d];
    }
  return shape;
}

bool is_binary(const std::string& op) {
  return binary_operator(op) != nullptr;
}

bool is_comparison(const std::string& op) {
  return comparison(op) != nullptr;
}

Tensor binary(const std::string& op, const Tensor& a, const Tensor& b) {
  const BinaryOperator apply = binary_operator(op);
  if (apply == nullptr) throw std::invalid_argument(op + " is no operator of two operands");
  return apply(a, b);
}

namespace {

struct TakeMagnitude {
  double operator()(double sum, double v) const { return sum + std::abs(v); }
};
struct TakeSquare {
  double operator()(double sum, double v) const { return sum + v * v; }
};
struct TakeExponential {
  double operator()(double sum, double v) const { return sum + std::exp(v); }
};

// A reduction: what it starts with, how it takes elements in, and what becomes of the result of `count`.
struct Reduction {
  const char* op;
  double start;
  void (*take)(const Tensor& x, const Shape& kept, std::vector<double>& y);
  double (*finish)(double sum, double count);
};

template <class Function>
void fold_by(const Tensor& x, const Shape& kept, std::vector<double>& y) {
  fold(x, kept, y, Function{});
}

const Reduction& reduction_of(const std::string& op) {
  const auto same = [](double sum, double) { return sum; };
  const auto add = fold_by<std::plus<double>>;
  static const Reduction rows[] = {
      {"ReduceMean", 0, add, [](double sum, double count) { return sum / count; }},
      {"ReduceSum", 0, add, same},
      {"ReduceMax", -INFINITY, fold_by<Greatest>, same},
      {"ReduceMin", INFINITY, fold_by<Least>, same},
      {"ReduceProd", 1, fold_by<std::multiplies<double>>, same},
      {"ReduceL1", 0, fold_by<TakeMagnitude>, same},
      {"ReduceL2", 0, fold_by<TakeSquare>, [](double sum, double) { return std::sqrt(sum); }},
      {"ReduceSumSquare", 0, fold_by<TakeSquare>, same},
      {"ReduceLogSum", 0, add, [](double sum, double) { return std::log(sum); }},
      {"ReduceLogSumExp", 0, fold_by<TakeExponential>, [](double sum, double) { return std::log(sum); }},
  };
  for (const Reduction& row : rows)
    if (op == row.op) return row;
  throw std::invalid_argument(op + " is no reduction that is known");
}

}  // namespace

Tensor reduce(const std::string& op, const Tensor& x, const std::vector<std::int64_t>& axes, bool keep_dims) {
  const Reduction& reduction = reduction_of(op);
  std::vector<char> over(x.shape.size(), axes.empty() ? 1 : 0);
  for (const std::int64_t axis : axes) over[axis_of(axis, x.shape.size())] = 1;
  Shape kept = x.shape, shape;
  for (std::size_t d = 0; d < kept.size(); ++d) {
    if (over[d] != 0) kept[d] = 1;
    if (over[d] == 0 || keep_dims) shape.push_back(kept[d]);
  }
  Tensor y = Tensor::filled(kept, reduction.start);
  reduction.take(x, kept, y.values);
  const double count =
      static_cast<double>(x.size()) / static_cast<double>(std::max<std::int64_t>(y.size(), 1));
  for (double& v : y.values) v = reduction.finish(v, count);
  y.shape = shape;
  return y;
}

Tensor softmax(const Tensor& x, std::int64_t axis) {
  const auto a = static_cast<std::int64_t>(axis_of(axis, x.shape.size()));
  Tensor y = binary("Sub", x, reduce("ReduceMax", x, {a}, true));
  for (double& v : y.values) v = std::exp(v);
  return binary("Div", y, reduce("ReduceSum", y, {a}, true));
}

Tensor log_softmax(const Tensor& x, std::int64_t axis) {
  const auto a = static_cast<std::int64_t>(axis_of(axis, x.shape.size()));
  const Tensor shifted = binary("Sub", x, reduce("ReduceMax", x, {a}, true));
  return binary("Sub", shifted, reduce("ReduceLogSumExp", shifted, {a}, true));
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  const Shape result = matmul_shape(a.shape, b.shape);
  const Shape sa = a.shape.size() == 1 ? Shape{1, a.shape[0]} : a.shape,
              sb = b.shape.size() == 1 ? Shape{b.shape[0], 1} : b.shape;
  const std::int64_t m = sa[sa.size() - 2], k = sa.back(), n = sb.back();
  const Shape la(sa.begin(), sa.end() - 2), lb(sb.begin(), sb.end() - 2), lead = broadcast_shape(la, lb);
  Tensor y = Tensor::filled(result, 0);
  for_each_run(lead, la, lb, [&](const BroadcastRun& run) {
    for (std::int64_t i = 0; i < run.count; ++i) {
      const DenseRows<double> w(b.values.data() + (run.b + i * run.step_b) * k * n, n);
      gemm(m, n, k, a.values.data() + (run.a + i * run.step_a) * m * k, k, w,
           y.values.data() + (run.out + i) * m * n, n);
    }
  });
  return y;
}

Tensor transpose_last(const Tensor& x) {
  const std::int64_t m = x.shape.at(0), n = x.shape.at(1);
  Tensor y = Tensor::filled({n, m}, 0);
  constexpr std::int64_t kBlock = 16;  // both sides of a block stay in the cache
  for (std::int64_t first = 0; first < m; first += kBlock)
    for (std::int64_t column = 0; column < n; column += kBlock)
      for (std::int64_t r = first; r < std::min(m, first + kBlock); ++r)
        for (std::int64_t c = column; c < std::min(n, column + kBlock); ++c)
          y.values[static_cast<std::size_t>(c * m + r)] = x.values[static_cast<std::size_t>(r * n + c)];
  return y;
}

Tensor gather(const Tensor& x, const Tensor& indices, std::int64_t given) {
  const std::size_t axis = axis_of(given, x.shape.size());
  std::int64_t outer = 1, inner = 1;
  for (std::size_t d = 0; d < x.shape.size(); ++d) (d < axis ? outer : inner) *= d == axis ? 1 : x.shape[d];
  const std::int64_t extent = x.shape[axis];
  std::vector<double> values;
  for (std::int64_t o = 0; o < outer; ++o)
    for (const double index : indices.values) {
      auto at = static_cast<std::int64_t>(index);
      if (at < 0) at += extent;
      if (at < 0 || at >= extent)
        throw std::invalid_argument("Gather: index " + std::to_string(at) + " is outside of " +
                                    std::to_string(extent));
      const auto first = x.values.begin() + (o * extent + at) * inner;
      values.insert(values.end(), first, first + inner);
    }
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  return Tensor(shape, std::move(values));
}

}  // namespace bpusim
