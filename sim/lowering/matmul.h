// A matrix product with constant weights: rows of the activation by columns of the weights, as a convolution
// over images of one pixel.
#pragma once

#include <cstdint>
#include <string>

#include "sim/lowering/conv.h"

namespace bpusim {

/// job.plan.problem has n = rows, ic = inner, oc = columns and one pixel. Throws std::invalid_argument where
/// one column's weights and one row do not fit in SRAM, or where the mapping makes no difference to
/// MacMapping::Rows.
Program lower_matmul(const std::string& name, const ConvJob& job, const MachineParams& machine,
                     std::int64_t tile_bytes);

}  // namespace bpusim
