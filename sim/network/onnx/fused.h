// Operators of onnxruntime's own domain, com.microsoft, as its optimiser writes them, in ONNX's own ones.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/network/network.h"

namespace bpusim {

/// A fused operator written out. The node that makes the first output has the fused one's name; those before
/// it are NAME/PART, and their values have the same names.
struct WrittenOut {
  std::vector<Node> nodes;
  std::map<std::string, Value> constants;
};

/// What the import knows while it reads.
struct FusedSurroundings {
  std::function<std::optional<Shape>(const std::string& value)> shape;  ///< open extents are 0
  std::function<std::string(const std::string& wanted)> free_name;      ///< takes it
};

/// Whether an operator of com.microsoft has a row here.
bool is_fused_operator(const std::string& op);

/// Whether an operator of com.microsoft means what the row of that name has.
bool is_shared_operator(const std::string& op);

/// Throws NotRun for a form that is not read, with what to do, and std::invalid_argument where inputs are
/// missing.
WrittenOut write_out_fused(const Node& fused, const FusedSurroundings& around);

/// Why an operator of one of onnxruntime's domains is not read, and what to do: those of layouts that its
/// optimiser chooses for a CPU or an accelerator. Null for all others.
const char* unread_layout_reason(const std::string& op, const std::string& domain);

}  // namespace bpusim
