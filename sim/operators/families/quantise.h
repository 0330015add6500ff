// The operators that plans add where a value lies twice: float32 for the CPU and codes for the BPU, int8 and
// int16 for operators of the BPU, or codes of an output and the float32 that the application takes. No
// operators of ONNX: their names come out of no model.
#pragma once

#include <string>

namespace bpusim {

constexpr const char* kQuantise = "Quantise";
constexpr const char* kRequantise = "Requantise";
constexpr const char* kDequantise = "Dequantise";

inline bool is_copy(const std::string& op) {
  return op == kQuantise || op == kRequantise || op == kDequantise;
}

}  // namespace bpusim
