// What a step's results are worth: held against the golden values and the ideal integer result.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/commands/command.h"
#include "sim/operators/step_lowering.h"
#include "sim/quantise/accuracy.h"
#include "sim/quantise/golden_store.h"
#include "sim/run/capture.h"

namespace bpusim {

/// Golden values must be there for the step's tensors. Both arguments must outlive it.
class Measurement {
 public:
  Measurement(const GoldenStore& golden, const std::map<std::string, TensorPlace>& places)
      : golden_(golden), places_(places) {}

  /// Of all outputs together, as the machine left them.
  Accuracy against_golden(const LoweredStep& lowered, const Capture& capture) const;

  /// What the step loses by itself: the ideal integer result for golden inputs, each rounded onto its grid.
  Accuracy alone(const LoweredStep& lowered) const;

  /// The largest error of float32 results (running statistics) over the largest magnitude; 0 without any.
  double statistics_error(const LoweredStep& lowered, DramPort& dram) const;

 private:
  Accuracy compared(const LoweredStep& lowered, const std::vector<Codes>& codes,
                    const std::vector<Codes>& ideal) const;
  std::vector<Codes> by_output(const LoweredStep& lowered, const Codes& all) const;

  const GoldenStore& golden_;
  const std::map<std::string, TensorPlace>& places_;
};

}  // namespace bpusim
