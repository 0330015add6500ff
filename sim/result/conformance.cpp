#include "sim/result/conformance.h"

namespace bpusim {

const char* to_string(ConformanceCase::Status status) {
  using Status = ConformanceCase::Status;
  return status == Status::Passed ? "passed" : status == Status::Failed ? "failed" : "skipped";
}

}  // namespace bpusim
