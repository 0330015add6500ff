// ONNX's tensors (TensorProto and its sparse form) to Tensors. For the importer's own files only.
#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <string>
#include <variant>

#include "sim/config/memory_budget.h"
#include "sim/network/files/tensor_files.h"
#include "sim/network/network.h"

namespace bpusim {

/// Where a message comes from: `file` stands in errors, external data lie in `folder`.
struct OnnxOrigin {
  std::string file, folder;
  std::string real_folder = {};    ///< of the file that `file` leads to, where that is a link
  bool outside_data = false;       ///< external data may lie elsewhere, too
  MemoryBudget* budget = nullptr;  ///< for tensors that are held in memory; null for no limit
};

/// A tensor that stays in its file until somebody needs its numbers. `read` throws InputError where the file
/// can't be read any more.
struct StoredTensor {
  Shape shape;
  std::function<Tensor()> read;
};

/// Tensors of fewer elements are read at once: what decides about a network is small.
constexpr std::int64_t kLeastStored = 1 << 14;

/// A tensor of a model; numbers in a file are checked to be there, and read now where they are few.
using ModelTensor = std::variant<Tensor, StringTensor, StoredTensor>;

/// `what` names the tensor in errors: "initializer 'w'". Throws InputError for types that are not read, sizes
/// that do not fit (found by arithmetic, before anything is allocated) and external data that are not there.
ModelTensor read_onnx_tensor(const onnx::TensorProto& proto, const OnnxOrigin& origin,
                             const std::string& what);

/// With its numbers in memory, however many.
AnyTensor in_memory(ModelTensor tensor);

/// The dense tensor; zeros where the sparse one has no value.
Tensor read_sparse_tensor(const onnx::SparseTensorProto& proto, const OnnxOrigin& origin,
                          const std::string& what);

/// "FLOAT", or the number where it is none of ONNX's.
std::string onnx_type_name(int onnx_type);

void set_constant(Value& value, ModelTensor tensor, DType dtype);

}  // namespace bpusim
