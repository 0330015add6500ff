// ONNX's numbers of element types (TensorProto.DataType), which attributes hold.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// The type that stands for it here: all floating-point types are Float32, nibbles lie in bytes. Float32 also
/// for numbers that are not read.
DType element_type(std::int64_t onnx_type);

/// The other way round; of float32 1.
std::int64_t onnx_number_of(DType dtype);

/// What of a tensor is no number of an exact type, as "holds 0.5, which is no int64"; empty where it fits,
/// and for floats.
std::string misfit(const Tensor& tensor, DType dtype);

}  // namespace bpusim
