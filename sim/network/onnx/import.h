// ONNX files to Networks. The protobuf stays behind this header.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/network/network.h"

namespace bpusim {

/// What is read: IR versions and versions of ONNX's own operators. Opset 23 comes with IR 11 from its own
/// release of onnx (1.18).
constexpr int kOldestIr = 3, kNewestIr = 11, kOldestOpset = 9, kNewestOpset = 23;

/// Extents of open dimensions, by name.
using Dimensions = std::map<std::string, std::int64_t>;

struct ImportOptions {
  Dimensions dims;
  int oldest_opset = kOldestOpset;
  bool outside_data = false;      ///< external data may lie outside of the model's folder
  std::int64_t memory_limit = 0;  ///< bytes (MemoryBudget); 0 for its default
};

/// Reads a model. Initializers (also sparse and external ones) and Constant nodes become constants; an If
/// whose condition is constant becomes its branch; calls of the model's own functions become their bodies.
/// Shapes come from the model's own declarations where it has them. Open dimensions take their extent from
/// `dims`; the others are 0, and those of inputs are named in Network::dynamic_dims. Throws InputError that
/// names the file, the place (node, tensor or value) and what was expected; operators that are not read are
/// named all at once. Peak memory is about that of the file and of the result together. Operator cases of
/// test suites may be older than a model's `oldest_opset`.
Network read_onnx(const std::string& path, const ImportOptions& options);
Network read_onnx(const std::string& path, const Dimensions& dims = {}, int oldest_opset = kOldestOpset);

/// The same from a file's bytes; external data are looked for in `folder`.
Network parse_onnx(const std::string& bytes, const std::string& name, const std::string& folder,
                   const Dimensions& dims = {}, int oldest_opset = kOldestOpset);

}  // namespace bpusim
