// Tensors as the kernels see them: a shape and row-major values. Real-valued tensors are float64, since they
// serve as the golden reference; bytes of the simulated machine never live here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bpusim {

using Shape = std::vector<std::int64_t>;

/// Product of the extents; 1 for a scalar. Throws std::invalid_argument where it does not fit into 64 bits.
std::int64_t element_count(const Shape& shape);

/// The largest tensor that is made: 2 GiB in float64. A damaged model can ask for any size.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;

/// element_count of a tensor that is about to be made. Throws std::invalid_argument beyond kMaxElements and
/// where an extent is negative.
std::size_t checked_count(const Shape& shape);

/// The whole part of a number, at most as large as 64 bits hold; 0 for NaN.
std::int64_t to_integer(double value);

/// "1x3x224x224"; "scalar" for rank 0.
std::string to_string(const Shape& shape);

/// Element types of tensors on the machine and in model files.
enum class DType { Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float32, Bool, String };

/// Whole numbers and truth values, of which every one counts: nothing may round them.
constexpr bool is_exact(DType dtype) {
  return dtype != DType::Float32 && dtype != DType::String;
}

/// The smallest and the largest number of an exact type that 64 signed bits, and a double, hold.
std::int64_t lowest_of(DType dtype);
std::int64_t highest_of(DType dtype);

/// Makes the values numbers of an exact type: fractions are cut off, and what is beyond the type's width
/// wraps; truth is 1. Throws std::invalid_argument for infinity and NaN.
void make_exact(std::vector<double>& values, DType dtype);

std::string to_string(DType dtype);

/// Bytes of one element; 0 for strings, which never live in the machine's memory.
int byte_size(DType dtype);

/// Real values, row-major.
struct Tensor {
  Shape shape;
  std::vector<double> values;

  Tensor() = default;
  Tensor(Shape shape_, std::vector<double> values_);  ///< throws std::invalid_argument where the sizes differ
  static Tensor filled(Shape shape, double value);    ///< throws as checked_count
  std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
};

/// Strings (UTF-8), row-major.
struct StringTensor {
  Shape shape;
  std::vector<std::string> values;
};

}  // namespace bpusim
