// What is valid, and what nothing here runs.
#pragma once

#include <stdexcept>

namespace bpusim {

/// An operator that is used as ONNX allows it, in a way that has no arithmetic here. What an operator does
/// not allow is a plain std::invalid_argument.
class NotRun : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace bpusim
