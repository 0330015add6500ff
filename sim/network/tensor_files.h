// Tensors in files: NumPy's .npy and ONNX's TensorProto (.pb).
#pragma once

#include <string>
#include <variant>

#include "kernels/tensor.h"

namespace bpusim {

using AnyTensor = std::variant<Tensor, StringTensor>;

/// Reads .npy (versions 1 to 3; f2, f4, f8, i1 to i8, u1 to u8, bool; C or Fortran order). Throws InputError.
Tensor read_npy(const std::string& path);
/// The same from a file's bytes; `name` stands in messages.
Tensor parse_npy(const std::string& bytes, const std::string& name);

/// Writes float64, C order. Throws InputError where the file can't be written.
void write_npy(const std::string& path, const Tensor& tensor);

/// Reads a TensorProto. Throws InputError.
AnyTensor read_pb(const std::string& path);

/// By the file's extension.
AnyTensor read_tensor_file(const std::string& path);

/// IEEE 754 half precision to double.
double half_to_double(std::uint16_t bits);

}  // namespace bpusim
