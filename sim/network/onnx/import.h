// ONNX files to Networks. The protobuf stays behind this header.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/network/files/tensor_files.h"
#include "sim/network/network.h"

namespace bpusim {

/// What is read: IR versions and versions of ONNX's own operators. Opset 23 comes with IR 11 from its own
/// release of onnx (1.18).
constexpr int kOldestIr = 3, kNewestIr = 11, kOldestOpset = 9, kNewestOpset = 23;

/// Extents of open dimensions, by name.
using Dimensions = std::map<std::string, std::int64_t>;

/// What is known of a model's inputs before it is read.
struct GivenInputs {
  std::map<std::string, AnyTensor> tensors;  ///< by input; their extents are those of open dimensions
  /// Which branch an If takes, by the If's name, its condition's, or that of an input that is the condition.
  std::map<std::string, bool> assumed;
  /// Gets a line for each dimension, and each If, that is named and not there; null: those are an InputError.
  std::vector<std::string>* unknown_names = nullptr;
};

struct ImportOptions {
  Dimensions dims;
  GivenInputs given;
  int oldest_opset = kOldestOpset;
  bool outside_data = false;      ///< external data may lie outside of the model's folder
  std::int64_t memory_limit = 0;  ///< bytes (MemoryBudget); 0 for its default
};

/// Reads a model. Initializers (also sparse and external ones) and Constant nodes become constants; an If
/// whose condition follows from constants, shapes and `given` becomes its branch; calls of the model's own
/// functions become their bodies. Shapes come from the model's own declarations where it has them. Open
/// dimensions take their extent from `dims`, then from given tensors; the others are 0, and those of inputs
/// are named in Network::dynamic_dims. Throws InputError that names the file, the place (node, tensor or
/// value) and what was expected, also where a given tensor does not fit its input. Operators that are not
/// read stay, with Node::unread. Peak memory is about that of the file and of the result together. Operator
/// cases of test suites may be older than a model's `oldest_opset`.
Network read_onnx(const std::string& path, const ImportOptions& options);
Network read_onnx(const std::string& path, const Dimensions& dims = {}, int oldest_opset = kOldestOpset);

/// The same from a file's bytes; external data are looked for in `folder`.
Network parse_onnx(const std::string& bytes, const std::string& name, const std::string& folder,
                   const Dimensions& dims = {}, int oldest_opset = kOldestOpset,
                   const GivenInputs& given = {});

}  // namespace bpusim
