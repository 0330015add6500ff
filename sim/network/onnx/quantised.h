// Operators on codes, of ONNX and of com.microsoft, as what they mean: their operands dequantised, the
// operator on real numbers, its result quantised. For the importer's own files only.
#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

namespace bpusim {

/// The body that stands for such a node, in ONNX's own operators; it has the node's inputs and outputs.
/// Nothing for all other operators. `opset` is that of the graph around it.
std::optional<onnx::FunctionProto> quantised_function(const onnx::NodeProto& node, int opset);

/// Why a quantised operator of com.microsoft is not read, and what to do; empty where it is, and for all
/// others.
std::string unread_quantised(const onnx::NodeProto& node);

/// Whether com.microsoft's operator of that name is read as ONNX's.
bool is_linear_quantisation(const std::string& op);

/// Why QuantizeLinear or DequantizeLinear to or from this element type is not read, and what to do; empty for
/// (u)int8, (u)int16, int32, and 0, which nobody says. DequantizeLinear reads nibbles too.
std::string unread_code_type(const std::string& op, int onnx_type);

}  // namespace bpusim
