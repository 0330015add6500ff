// Matrix products of int8 weights in int32.
#pragma once

#include <cstdint>
#include <functional>

#include "kernels/tensor/gemm.h"

namespace bpusim {

/// Sums of some rows and columns, rows `stride` apart.
struct SumBlock {
  std::int64_t row, rows, column, columns;
  const std::int32_t* sums;
  std::int64_t stride;
};

/// a b, with a [m, k] row-major, rows `a_stride` apart, and b of k rows and n columns, in int32, which wraps
/// where a sum does not fit. `take` gets each element of the product once, block by block, maybe on several
/// threads at a time; the block's memory is reused afterwards.
void gemm_int8(std::int64_t m, std::int64_t n, std::int64_t k, const std::int8_t* a, std::int64_t a_stride,
               const RowSource<std::int16_t>& b, const std::function<void(const SumBlock&)>& take);

}  // namespace bpusim
