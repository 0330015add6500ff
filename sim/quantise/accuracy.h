// How close a result is: to the float64 golden, and to the ideal integer result.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/operators/step_lowering.h"
#include "sim/result/result.h"

namespace bpusim {

/// A tensor's values, and codes and ideal codes on its grid; all three have the same length.
struct Result {
  const std::vector<double>& golden;
  const std::vector<std::int64_t>& codes;
  const std::vector<std::int64_t>& ideal;
  const TensorPlace& place;
};

/// Of all results together.
Accuracy compare(const std::vector<Result>& results);

}  // namespace bpusim
