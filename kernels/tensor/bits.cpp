#include "kernels/tensor/bits.h"

#include <stdexcept>

#include "kernels/tensor/tensor_math.h"

namespace bpusim {

namespace {

constexpr std::int64_t kBits = 64;

// What does not fit the type is cut off where results become numbers of it (make_exact).
std::int64_t shifted(std::int64_t value, std::int64_t by, bool left) {
  if (by < 0) throw std::invalid_argument("BitShift: by " + std::to_string(by) + " bits");
  if (by >= kBits) return 0;
  const auto bits = static_cast<std::uint64_t>(value);
  return static_cast<std::int64_t>(left ? bits << by : bits >> by);
}

std::int64_t combined(const std::string& op, std::int64_t x, std::int64_t y, bool left) {
  if (op == "BitwiseAnd") return x & y;
  if (op == "BitwiseOr") return x | y;
  if (op == "BitwiseXor") return x ^ y;
  if (op == "BitShift") return shifted(x, y, left);
  throw std::invalid_argument(op + " is no operator on bits");
}

}  // namespace

Tensor bitwise(const std::string& op, const Tensor& a, const Tensor& b, bool left) {
  // A zero of the broadcast shape brings both operands to it.
  const Tensor zero = Tensor::filled(broadcast_shape(a.shape, b.shape), 0);
  Tensor y = binary("Add", zero, a);
  const Tensor other = binary("Add", zero, b);
  for (std::size_t i = 0; i < y.values.size(); ++i)
    y.values[i] =
        static_cast<double>(combined(op, to_integer(y.values[i]), to_integer(other.values[i]), left));
  return y;
}

Tensor bitwise_not(const Tensor& x) {
  Tensor y = x;
  for (double& v : y.values) v = -v - 1;
  return y;
}

}  // namespace bpusim
