// ONNX's tensors (TensorProto and its sparse form) to Tensors. For the importer's own files only.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "sim/network/network.h"
#include "sim/network/tensor_files.h"

namespace bpusim {

/// Where a message comes from: `file` stands in errors, external data lie in `folder`.
struct OnnxOrigin {
  std::string file, folder;
};

/// `what` names the tensor in errors: "initializer 'w'". Throws InputError for types that are not read, sizes
/// that do not fit (found by arithmetic, before anything is allocated) and external data that are not there.
AnyTensor read_onnx_tensor(const onnx::TensorProto& proto, const OnnxOrigin& origin, const std::string& what);

/// The dense tensor; zeros where the sparse one has no value.
Tensor read_sparse_tensor(const onnx::SparseTensorProto& proto, const OnnxOrigin& origin,
                          const std::string& what);

/// Type on the machine of an ONNX element type.
DType dtype_of(int onnx_type);

/// "FLOAT", or the number where it is none of ONNX's.
std::string onnx_type_name(int onnx_type);

void set_constant(Value& value, AnyTensor tensor, DType dtype);

}  // namespace bpusim
