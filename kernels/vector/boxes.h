// Boxes that detectors find: ONNX's NonMaxSuppression, in float64.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/tensor/tensor.h"

namespace bpusim {

struct SuppressionLimits {
  std::int64_t most = 0;  ///< boxes of a class and sample
  double overlap = 0;     ///< intersection over union above which the box of the smaller score goes
  double score = -std::numeric_limits<double>::infinity();  ///< boxes must be above it
  bool centred = false;  ///< boxes are (x, y, width, height), else two corners (y, x, y, x)
};

/// [found, 3]: sample, class and box, by sample, class and falling score. boxes [N, B, 4], scores [N, C, B].
/// Throws std::invalid_argument where they do not fit.
Tensor non_max_suppression(const Tensor& boxes, const Tensor& scores, const SuppressionLimits& limits);

}  // namespace bpusim
