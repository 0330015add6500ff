// What is wrong with a node, in the name of its operator, whoever found it.
#pragma once

#include <string>

namespace bpusim {

/// The message with `op` in place of the operators that it begins with: arithmetic that several operators
/// share speaks of the one that it is called after ("Conv: the kernel …" of a MaxPool).
std::string in_own_name(const std::string& op, const std::string& message);

}  // namespace bpusim
