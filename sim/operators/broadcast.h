// How two operands of different shapes meet: as blocks of rows.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/tensor/tensor.h"
#include "sim/lowering/elementwise.h"

namespace bpusim {

/// The output as blocks of `rows` rows of `row` elements. The leading operand has an element for each of a
/// row's; the other one too, or one for each row, or one row for all.
struct BroadcastBlocks {
  bool swap = false;  ///< the second operand leads
  Operand second = Operand::Full;
  std::int64_t rows = 1, row = 1;
  std::int64_t lead_stride = 0, other_stride = 0;             ///< elements from row to row; 0: the same row
  std::vector<std::pair<std::int64_t, std::int64_t>> blocks;  ///< first elements in leading and other operand
};

/// Shapes that broadcast (NumPy's rule); throws std::invalid_argument for others.
BroadcastBlocks broadcast_blocks(const Shape& a, const Shape& b);

}  // namespace bpusim
