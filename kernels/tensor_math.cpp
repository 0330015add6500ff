#include "kernels/tensor_math.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/tensor_shapes.h"

namespace bpusim {

namespace {

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    throw std::invalid_argument("axis " + std::to_string(axis) + " is out of range for rank " +
                                std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

// Calls visit(output position, position in a, position in b) over the broadcast shape.
template <class Visit>
void for_each_pair(const Shape& shape, const Shape& a, const Shape& b, Visit&& visit) {
  const std::size_t rank = shape.size();
  const auto strides = [&](const Shape& s) {
    std::vector<std::int64_t> result(rank, 0);
    std::int64_t stride = 1;
    for (std::size_t d = s.size(); d-- > 0; stride *= s[d])
      if (s[d] != 1) result[d + rank - s.size()] = stride;
    return result;
  };
  const auto sa = strides(a), sb = strides(b);
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t pa = 0, pb = 0;
  const std::int64_t total = element_count(shape);
  for (std::int64_t i = 0; i < total; ++i) {
    visit(static_cast<std::size_t>(i), static_cast<std::size_t>(pa), static_cast<std::size_t>(pb));
    for (std::size_t d = rank; d-- > 0;) {
      pa += sa[d];
      pb += sb[d];
      if (++index[d] < shape[d]) break;
      pa -= sa[d] * shape[d];
      pb -= sb[d] * shape[d];
      index[d] = 0;
    }
  }
}

using BinaryFunction = double (*)(double, double);

// Truth is 1, falsehood 0.
BinaryFunction comparison(const std::string& op) {
  if (op == "Equal") return [](double x, double y) { return x == y ? 1.0 : 0.0; };
  if (op == "Less") return [](double x, double y) { return x < y ? 1.0 : 0.0; };
  if (op == "LessOrEqual") return [](double x, double y) { return x <= y ? 1.0 : 0.0; };
  if (op == "Greater") return [](double x, double y) { return x > y ? 1.0 : 0.0; };
  if (op == "GreaterOrEqual") return [](double x, double y) { return x >= y ? 1.0 : 0.0; };
  if (op == "And") return [](double x, double y) { return x != 0 && y != 0 ? 1.0 : 0.0; };
  if (op == "Or") return [](double x, double y) { return x != 0 || y != 0 ? 1.0 : 0.0; };
  if (op == "Xor") return [](double x, double y) { return (x != 0) != (y != 0) ? 1.0 : 0.0; };
  return nullptr;
}

BinaryFunction binary_function(const std::string& op) {
  if (op == "Add") return [](double x, double y) { return x + y; };
  if (op == "Sub") return [](double x, double y) { return x - y; };
  if (op == "Mul") return [](double x, double y) { return x * y; };
  if (op == "Div") return [](double x, double y) { return x / y; };
  if (op == "Pow") return [](double x, double y) { return std::pow(x, y); };
  if (op == "Min") return [](double x, double y) { return std::min(x, y); };
  if (op == "Max") return [](double x, double y) { return std::max(x, y); };
  if (op == "PRelu") return [](double x, double slope) { return x < 0 ? slope * x : x; };
  if (op == "Mod") return [](double x, double y) { return x - y * std::floor(x / y); };
  return comparison(op);
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
  return binary_function(op) != nullptr;
}

Tensor binary(const std::string& op, const Tensor& a, const Tensor& b) {
  const BinaryFunction function = binary_function(op);
  if (function == nullptr) throw std::invalid_argument(op + " is no operator of two operands");
  Tensor y = Tensor::filled(broadcast_shape(a.shape, b.shape), 0);
  for_each_pair(y.shape, a.shape, b.shape, [&](std::size_t i, std::size_t pa, std::size_t pb) {
    y.values[i] = function(a.values[pa], b.values[pb]);
  });
  return y;
}

namespace {

// A reduction: what it starts with, how it takes an element in, and what becomes of the result of `count`.
struct Reduction {
  const char* op;
  double start;
  void (*take)(double& sum, double v);
  double (*finish)(double sum, double count);
};

const Reduction& reduction_of(const std::string& op) {
  const auto add = [](double& sum, double v) { sum += v; };
  const auto square = [](double& sum, double v) { sum += v * v; };
  const auto same = [](double sum, double) { return sum; };
  static const Reduction rows[] = {
      {"ReduceMean", 0, add, [](double sum, double count) { return sum / count; }},
      {"ReduceSum", 0, add, same},
      {"ReduceMax", -INFINITY, [](double& sum, double v) { sum = std::max(sum, v); }, same},
      {"ReduceMin", INFINITY, [](double& sum, double v) { sum = std::min(sum, v); }, same},
      {"ReduceProd", 1, [](double& sum, double v) { sum *= v; }, same},
      {"ReduceL1", 0, [](double& sum, double v) { sum += std::abs(v); }, same},
      {"ReduceL2", 0, square, [](double sum, double) { return std::sqrt(sum); }},
      {"ReduceSumSquare", 0, square, same},
      {"ReduceLogSum", 0, add, [](double sum, double) { return std::log(sum); }},
      {"ReduceLogSumExp", 0, [](double& sum, double v) { sum += std::exp(v); },
       [](double sum, double) { return std::log(sum); }},
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
  for_each_pair(x.shape, x.shape, kept, [&](std::size_t, std::size_t px, std::size_t py) {
    reduction.take(y.values[py], x.values[px]);
  });
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
  for_each_pair(lead, la, lb, [&](std::size_t i, std::size_t pa, std::size_t pb) {
    const double* x = a.values.data() + static_cast<std::int64_t>(pa) * m * k;
    const double* w = b.values.data() + static_cast<std::int64_t>(pb) * k * n;
    double* out = y.values.data() + static_cast<std::int64_t>(i) * m * n;
    for (std::int64_t r = 0; r < m; ++r)
      for (std::int64_t e = 0; e < k; ++e)
        for (std::int64_t c = 0; c < n; ++c) out[r * n + c] += x[r * k + e] * w[e * n + c];
  });
  return y;
}

Tensor transpose_last(const Tensor& x) {
  const std::int64_t m = x.shape.at(0), n = x.shape.at(1);
  Tensor y = Tensor::filled({n, m}, 0);
  for (std::int64_t r = 0; r < m; ++r)
    for (std::int64_t c = 0; c < n; ++c)
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
