// What a case of ONNX's operator tests came to.
#pragma once

#include <optional>
#include <string>

#include "sim/result/result.h"

namespace bpusim {

struct ConformanceCase {
  enum class Status { Passed, Failed, Skipped };
  std::string name, op, reason;
  Status status = Status::Skipped;
  double golden_max_error = 0;   ///< largest absolute difference of the golden model
  std::optional<Accuracy> int8;  ///< of the machine's int8 result
};
const char* to_string(ConformanceCase::Status status);  ///< "passed", "failed", "skipped"

}  // namespace bpusim
