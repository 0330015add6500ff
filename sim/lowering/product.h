// Products of two activations: tiles of rows by chunks of columns, whole sums each.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/mac/product.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// The factors and their product in memory, as the plan's grids have them.
struct ProductJob {
  ProductProblem problem;
  ProductPlan plan;
  std::int64_t a = 0, b = 0, y = 0;
};

/// Throws std::invalid_argument where a row and a column do not fit in SRAM.
Program lower_product(const std::string& name, const ProductJob& job, const MachineParams& machine,
                      std::int64_t tile_bytes);

}  // namespace bpusim
