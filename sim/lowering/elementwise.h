// From operators over rows to programs: element-wise ones, functions by table, Split and Concat.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "kernels/vector/elementwise.h"
#include "kernels/vector/unary.h"
#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// Rows of a tensor that are read or written, every `stride` elements from a byte address on; a stride of 0
/// reads one row again and again.
struct RowView {
  std::int64_t address = 0, stride = 0;
};

/// How the second operand meets the rows.
enum class Operand { Full, PerRow, PerColumn };

/// One operation over `rows` rows of `row_elements`; Split and Concat are one copy a piece.
struct ElementwiseJob {
  std::variant<ElementwisePlan, LookupPlan> plan;
  std::int64_t rows = 1, row_elements = 1;
  std::vector<RowView> in;
  RowView out;
  bool moves_only = false;         ///< a copy between equal grids: no engine, the DMA moves it
  Operand second = Operand::Full;  ///< PerRow: an element a row, `stride` apart; PerColumn: one row for all
};

Program lower_elementwise(const std::string& name, const std::vector<ElementwiseJob>& jobs,
                          const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
