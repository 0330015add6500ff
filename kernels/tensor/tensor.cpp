#include "kernels/tensor/tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace bpusim {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    if (__builtin_mul_overflow(count, extent, &count))
      throw std::invalid_argument("shape " + to_string(shape) + " has more elements than 64 bits count");
  return count;
}

std::size_t checked_count(const Shape& shape) {
  for (const std::int64_t extent : shape)
    if (extent < 0) throw std::invalid_argument("shape " + to_string(shape) + " has a negative extent");
  const std::int64_t count = element_count(shape);
  if (count > kMaxElements)
    throw std::invalid_argument("a tensor of shape " + to_string(shape) + " is beyond " +
                                std::to_string(kMaxElements) + " elements (2 GiB in float64)");
  return static_cast<std::size_t>(count);
}

std::int64_t to_integer(double value) {
  constexpr double limit = 9223372036854774784.0;  // 2^63 - 1024, the largest double below 2^63
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -limit, limit));
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t extent : shape) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

std::string to_string(DType dtype) {
  switch (dtype) {
    case DType::Int8:
      return "int8";
    case DType::Int16:
      return "int16";
    case DType::Int32:
      return "int32";
    case DType::Int64:
      return "int64";
    case DType::UInt8:
      return "uint8";
    case DType::UInt16:
      return "uint16";
    case DType::UInt32:
      return "uint32";
    case DType::UInt64:
      return "uint64";
    case DType::Float32:
      return "float32";
    case DType::Bool:
      return "bool";
    case DType::String:
      return "string";
  }
  throw std::logic_error("to_string: unknown DType");
}

int byte_size(DType dtype) {
  switch (dtype) {
    case DType::Int8:
    case DType::UInt8:
    case DType::Bool:
      return 1;
    case DType::Int16:
    case DType::UInt16:
      return 2;
    case DType::Int32:
    case DType::UInt32:
    case DType::Float32:
      return 4;
    case DType::Int64:
    case DType::UInt64:
      return 8;
    case DType::String:
      return 0;
  }
  throw std::logic_error("byte_size: unknown DType");
}

namespace {

constexpr std::int64_t kLowest64 = std::numeric_limits<std::int64_t>::min(),
                       kHighest64 = 9223372036854774784;  // 2^63 - 1024, which a double holds

bool has_sign(DType dtype) {
  return dtype == DType::Int8 || dtype == DType::Int16 || dtype == DType::Int32 || dtype == DType::Int64;
}

double wrapped(double whole, DType dtype) {
  if (dtype == DType::Bool) return whole != 0 ? 1 : 0;
  if (byte_size(dtype) == 8) return whole;
  const double span = std::ldexp(1.0, 8 * byte_size(dtype)), low = static_cast<double>(lowest_of(dtype));
  return whole >= low && whole < low + span ? whole : whole - span * std::floor((whole - low) / span);
}

}  // namespace

std::int64_t lowest_of(DType dtype) {
  if (!has_sign(dtype)) return 0;
  return dtype == DType::Int64 ? kLowest64 : -(std::int64_t{1} << (8 * byte_size(dtype) - 1));
}

std::int64_t highest_of(DType dtype) {
  if (dtype == DType::Bool) return 1;
  if (byte_size(dtype) == 8) return kHighest64;
  return (std::int64_t{1} << (8 * byte_size(dtype) - (has_sign(dtype) ? 1 : 0))) - 1;
}

void make_exact(std::vector<double>& values, DType dtype) {
  for (double& v : values) {
    if (!std::isfinite(v))
      throw std::invalid_argument("no " + to_string(dtype) + " stands for " +
                                  (std::isnan(v) ? "NaN" : "infinity"));
    v = wrapped(dtype == DType::Bool ? v : std::trunc(v), dtype);
  }
}

Tensor::Tensor(Shape shape_, std::vector<double> values_)
    : shape(std::move(shape_)), values(std::move(values_)) {
  if (element_count(shape) != size())
    throw std::invalid_argument("tensor of shape " + to_string(shape) + " given " + std::to_string(size()) +
                                " values");
}

Tensor Tensor::filled(Shape shape, double value) {
  const std::size_t count = checked_count(shape);
  return Tensor(std::move(shape), std::vector<double>(count, value));
}

}  // namespace bpusim
