// From element-wise operators, Split and Concat to programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/elementwise.h"
#include "models/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// Rows of a tensor that are read or written: `row_bytes` every `stride` bytes.
struct RowView {
  std::int64_t address = 0, stride = 0;
};

/// One element-wise operation over `rows` rows of `row_elements`; Split and Concat are one copy a piece.
struct ElementwiseJob {
  ElementwisePlan plan;
  std::int64_t rows = 1, row_elements = 1;
  std::vector<RowView> in;
  RowView out;
};

Program lower_elementwise(const std::string& name, const std::vector<ElementwiseJob>& jobs,
                          const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
