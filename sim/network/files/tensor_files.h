// Tensors in files: NumPy's .npy and .npz, ONNX's TensorProto (.pb).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <variant>

#include "kernels/tensor/tensor.h"
#include "sim/config/memory_budget.h"

namespace bpusim {

using AnyTensor = std::variant<Tensor, StringTensor>;

/// Reads .npy (versions 1 to 3; f2, f4, f8, i1 to i8, u1 to u8, bool; C or Fortran order). Throws InputError.
/// What these functions read is charged to `budget`, or to one of their own with the default limit.
Tensor read_npy(const std::string& path, MemoryBudget* budget = nullptr);
/// The same from a file's bytes; `name` stands in messages.
Tensor parse_npy(const std::string& bytes, const std::string& name, MemoryBudget* budget = nullptr);

/// Reads every array of an .npz (stored or deflated, up to 4 GiB), by name. Sizes that the file can't hold
/// are refused before anything is allocated, checksums are compared. Throws InputError.
std::map<std::string, Tensor> read_npz(const std::string& path, MemoryBudget* budget = nullptr);
std::map<std::string, Tensor> parse_npz(const std::string& bytes, const std::string& name,
                                        MemoryBudget* budget = nullptr);

/// Writes float64, C order, piece by piece to `write`.
void write_npy(const Tensor& tensor, const std::function<void(const void* bytes, std::size_t count)>& write);

/// Reads a TensorProto. Throws InputError.
AnyTensor read_pb(const std::string& path, MemoryBudget* budget = nullptr);
/// The same from a file's bytes; external data are looked for in `folder`.
AnyTensor parse_pb(const std::string& bytes, const std::string& name, const std::string& folder,
                   MemoryBudget* budget = nullptr);

/// By the file's extension. An array of an .npz with several is chosen as "file.npz:name".
AnyTensor read_tensor_file(const std::string& path, MemoryBudget* budget = nullptr);

/// IEEE 754 half precision to double.
double half_to_double(std::uint16_t bits);

}  // namespace bpusim
