#include "sim/network/element_type.h"

#include <cmath>
#include <cstdio>

namespace bpusim {

DType element_type(std::int64_t onnx_type) {
  switch (onnx_type) {
    case 2:
    case 21:  // UINT4
      return DType::UInt8;
    case 3:
    case 22:  // INT4
      return DType::Int8;
    case 4:
      return DType::UInt16;
    case 5:
      return DType::Int16;
    case 6:
      return DType::Int32;
    case 7:
      return DType::Int64;
    case 8:
      return DType::String;
    case 9:
      return DType::Bool;
    case 12:
      return DType::UInt32;
    case 13:
      return DType::UInt64;
    default:
      return DType::Float32;
  }
}

std::int64_t onnx_number_of(DType dtype) {
  std::int64_t number = 1;
  while (element_type(number) != dtype) ++number;
  return number;
}

std::string misfit(const Tensor& tensor, DType dtype) {
  if (!is_exact(dtype)) return "";
  const auto low = static_cast<double>(lowest_of(dtype)), high = static_cast<double>(highest_of(dtype));
  for (const double v : tensor.values) {
    const bool fits = v >= low && (v <= high || byte_size(dtype) == 8);
    if (fits && std::trunc(v) == v) continue;
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", v);
    return std::string("holds ") + text + ", which is no " + to_string(dtype);
  }
  return "";
}

}  // namespace bpusim
