// Tensors as the kernels see them: a shape and row-major values. Real-valued tensors are float64, since they
// serve as the golden reference; bytes of the simulated machine never live here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bpusim {

using Shape = std::vector<std::int64_t>;

/// Product of the extents; 1 for a scalar.
std::int64_t element_count(const Shape& shape);

/// "1x3x224x224"; "scalar" for rank 0.
std::string to_string(const Shape& shape);

/// Element types of tensors on the machine and in model files.
enum class DType { Int8, Int16, Int32, Int64, Float32, Bool, String };

std::string to_string(DType dtype);

/// Bytes of one element; 0 for strings, which never live in the machine's memory.
int byte_size(DType dtype);

/// Real values, row-major.
struct Tensor {
  Shape shape;
  std::vector<double> values;

  Tensor() = default;
  Tensor(Shape shape_, std::vector<double> values_);  ///< throws std::invalid_argument where the sizes differ
  static Tensor filled(Shape shape, double value);
  std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
};

/// Strings (UTF-8), row-major.
struct StringTensor {
  Shape shape;
  std::vector<std::string> values;
};

}  // namespace bpusim
