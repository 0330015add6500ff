#include "kernels/mac/gemm_int8.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/mac/gemm_int8.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef BPUSIM_GEMM_INT8_ONCE
#define BPUSIM_GEMM_INT8_ONCE
namespace bpusim {
namespace gemm_int8_detail {

// A part of the product: all of k for some rows and columns.
struct Part {
  std::int64_t row, rows, column, columns, k;
  const std::int8_t* a;
  std::int64_t a_stride;
  const RowSource<std::int16_t>* b;
  const std::function<void(const SumBlock&)>* take;
};

constexpr std::int64_t kDepth = 512;    // of k at a time, even
constexpr std::int64_t kColumns = 384;  // with kDepth: 384 KiB of b, in a second-level cache
constexpr std::int64_t kPitch =
    kDepth + 32;  // between rows of a's panel; no power of two, for the cache's sets

}  // namespace gemm_int8_detail
}  // namespace bpusim
#endif

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using namespace gemm_int8_detail;

using D32 = hn::ScalableTag<std::int32_t>;
using V32 = hn::Vec<D32>;  // of sums, or of pairs of int16

// A block of accumulators and what feeds it fit the registers: 8 x 3 + 3 + 1 of 32, or 4 x 3 + 3 + 1 of 16.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kRows = 8;
#else
constexpr int kRows = 4;
#endif
constexpr int kVectors = 3;

// Highway 1.0 takes VNNI for granted where it chooses AVX3_DL, but does not let the compiler use it.
#if HWY_TARGET == HWY_AVX3_DL
#define BPUSIM_VNNI __attribute__((target(HWY_TARGET_STR ",avx512vnni")))  // clang: all or nothing
#else
#define BPUSIM_VNNI
#endif

// sum + the products of a's and b's pairs of int16.
HWY_INLINE BPUSIM_VNNI V32 add_pairs(V32 a, V32 b, V32 sum) {
#if HWY_TARGET == HWY_AVX3_DL
  return V32{_mm512_dpwssd_epi32(sum.raw, a.raw, b.raw)};
#elif HWY_TARGET == HWY_SCALAR
  const V32 low = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(a)), hn::ShiftRight<16>(hn::ShiftLeft<16>(b)));
  return hn::Add(sum, hn::Add(low, hn::Mul(hn::ShiftRight<16>(a), hn::ShiftRight<16>(b))));
#else
  // Off x86 the products come in two halves of lanes, which RearrangeToOddPlusEven adds up pair by pair.
  const hn::Repartition<std::int16_t, D32> d16;
  V32 upper = hn::Zero(D32());
  const V32 lower =
      hn::ReorderWidenMulAccumulate(D32(), hn::BitCast(d16, a), hn::BitCast(d16, b), hn::Zero(D32()), upper);
  return hn::Add(sum, hn::RearrangeToOddPlusEven(lower, upper));
#endif
}

// c[r][j] += sum over k of a[r][k] * b[k][j], b's rows in interleaved pairs.
template <int rows, int vectors>
HWY_NOINLINE BPUSIM_VNNI void block(const std::int16_t* HWY_RESTRICT a, const std::int32_t* HWY_RESTRICT b,
                                    std::int64_t pairs, std::int32_t* c, std::int64_t c_stride) {
  const D32 d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V32 sum[rows][vectors];
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(3)
    for (int v = 0; v < vectors; ++v) sum[r][v] = hn::LoadU(d, c + r * c_stride + v * lanes);
  }
  for (std::int64_t k = 0; k < pairs; ++k) {
    V32 x[vectors];
    HWY_UNROLL(3)
    for (int v = 0; v < vectors; ++v) x[v] = hn::Load(d, b + v * lanes);
    HWY_UNROLL(8)
    for (int r = 0; r < rows; ++r) {
      std::int32_t pair;
      std::memcpy(&pair, a + r * kPitch, sizeof pair);
      const V32 w = hn::Set(d, pair);
      HWY_UNROLL(3)
      for (int v = 0; v < vectors; ++v) sum[r][v] = add_pairs(w, x[v], sum[r][v]);
    }
    a += 2;
    b += vectors * lanes;
  }
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(3)
    for (int v = 0; v < vectors; ++v) hn::StoreU(sum[r][v], d, c + r * c_stride + v * lanes);
  }
}

#undef BPUSIM_VNNI

template <int rows>
void block_of(std::int64_t vectors, const std::int16_t* a, const std::int32_t* b, std::int64_t pairs,
              std::int32_t* c, std::int64_t c_stride) {
  if (vectors == 3) return block<rows, 3>(a, b, pairs, c, c_stride);
  if (vectors == 2) return block<rows, 2>(a, b, pairs, c, c_stride);
  return block<rows, 1>(a, b, pairs, c, c_stride);
}

// Vectors in the next panel: three, but four that are left make two and two.
std::int64_t panel_vectors(std::int64_t columns_left, std::int64_t lanes) {
  const std::int64_t left = (columns_left + lanes - 1) / lanes;
  return left == 4 ? 2 : std::min<std::int64_t>(left, kVectors);
}

// Two rows of b as pairs of neighbours, panel after panel; `below` of an odd last row holds zeros.
void pack_pair(const std::int16_t* above, const std::int16_t* below, std::int64_t columns, std::int64_t pair,
               std::int64_t pairs, std::int32_t* packed) {
  const D32 d;
  const hn::Rebind<std::int16_t, D32> half;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V32 low = hn::Set(d, 0xFFFF);
  for (std::int64_t j = 0; j < columns;) {
    const std::int64_t width = panel_vectors(columns - j, lanes) * lanes;
    std::int32_t* to = packed + pair * width;
    std::int64_t at = 0;
    for (; at < width && j + at + lanes <= columns; at += lanes) {
      const V32 first = hn::PromoteTo(d, hn::LoadU(half, above + j + at));
      const V32 second = hn::PromoteTo(d, hn::LoadU(half, below + j + at));
      const V32 both = hn::Or(hn::And(first, low), hn::ShiftLeft<16>(second));
      hn::Store(both, d, to + at);
    }
    for (; at < width; ++at) {
      const bool there = j + at < columns;
      const std::int16_t pair_of[2] = {there ? above[j + at] : std::int16_t{0},
                                       there ? below[j + at] : std::int16_t{0}};
      std::memcpy(to + at, pair_of, sizeof pair_of);
    }
    packed += pairs * width;
    j += width;
  }
}

void pack(const Part& p, std::int64_t column, std::int64_t columns, std::int64_t k, std::int64_t depth,
          std::int16_t* scratch, std::int32_t* packed) {
  const std::int64_t pairs = (depth + 1) / 2;
  for (std::int64_t i = 0; i < pairs; ++i) {
    const std::int16_t* above = p.b->row(k + 2 * i, column, columns, scratch);
    const std::int16_t* below = scratch + columns;
    if (2 * i + 1 < depth) {
      below = p.b->row(k + 2 * i + 1, column, columns, scratch + columns);
    } else {
      std::fill_n(scratch + columns, columns, std::int16_t{0});
    }
    pack_pair(above, below, columns, i, pairs, packed);
  }
}

void widen(const std::int8_t* from, std::int64_t count, std::int16_t* to) {
  const hn::ScalableTag<std::int16_t> d;
  const hn::Rebind<std::int8_t, hn::ScalableTag<std::int16_t>> half;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::PromoteTo(d, hn::LoadU(half, from + i)), d, to + i);
  for (; i < count; ++i) to[i] = from[i];
}

// One pass over some rows of a with the packed columns of b.
template <int rows>
void row_panel(const Part& p, std::int64_t row, std::int64_t columns, std::int64_t k, std::int64_t depth,
               const std::int32_t* packed, std::int32_t* c, std::int64_t c_stride) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D32()));
  HWY_ALIGN std::int16_t a[rows * kPitch];
  for (int r = 0; r < rows; ++r) {
    widen(p.a + (row + r) * p.a_stride + k, depth, a + r * kPitch);
    a[r * kPitch + depth] = 0;  // meets the zeros below an odd last row
  }
  const std::int64_t pairs = (depth + 1) / 2;
  for (std::int64_t j = 0; j < columns;) {
    const std::int64_t vectors = panel_vectors(columns - j, lanes), width = vectors * lanes;
    block_of<rows>(vectors, a, packed, pairs, c + (row - p.row) * c_stride + j, c_stride);
    packed += pairs * width;
    j += width;
  }
}

void all_rows(const Part& p, std::int64_t columns, std::int64_t k, std::int64_t depth,
              const std::int32_t* packed, std::int32_t* c, std::int64_t c_stride) {
  for (std::int64_t r = p.row; r < p.row + p.rows;) {
    const std::int64_t left = p.row + p.rows - r;
    if (left >= kRows) {
      row_panel<kRows>(p, r, columns, k, depth, packed, c, c_stride);
      r += kRows;
    } else if (left >= 4) {
      row_panel<4>(p, r, columns, k, depth, packed, c, c_stride);
      r += 4;
    } else if (left >= 2) {
      row_panel<2>(p, r, columns, k, depth, packed, c, c_stride);
      r += 2;
    } else {
      row_panel<1>(p, r, columns, k, depth, packed, c, c_stride);
      r += 1;
    }
  }
}

void multiply(const Part& p) {
  thread_local Scratch<std::int16_t> row_memory;
  thread_local Scratch<std::int32_t> packed_memory, sum_memory;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D32()));
  const std::int64_t widest = std::min(kColumns, p.columns), stride = (widest + lanes - 1) / lanes * lanes;
  std::int32_t* packed =
      packed_memory.reserve(static_cast<std::size_t>(stride * ((std::min(kDepth, p.k) + 1) / 2)));
  std::int16_t* scratch = row_memory.reserve(static_cast<std::size_t>(2 * widest));
  std::int32_t* sums = sum_memory.reserve(static_cast<std::size_t>(p.rows * stride));
  for (std::int64_t j = 0; j < p.columns; j += kColumns) {
    const std::int64_t column = p.column + j, columns = std::min(kColumns, p.columns - j);
    std::fill_n(sums, p.rows * stride, 0);
    for (std::int64_t k = 0; k < p.k; k += kDepth) {
      const std::int64_t depth = std::min(kDepth, p.k - k);
      pack(p, column, columns, k, depth, scratch, packed);
      all_rows(p, columns, k, depth, packed, sums, stride);
    }
    (*p.take)({p.row, p.rows, column, columns, sums, stride});
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(multiply);

void gemm_int8(std::int64_t m, std::int64_t n, std::int64_t k, const std::int8_t* a, std::int64_t a_stride,
               const RowSource<std::int16_t>& b, const std::function<void(const SumBlock&)>& take) {
  constexpr std::int64_t kWorthAThread = 1 << 22;  // products, each part packing some of b again
  const std::int64_t parts = std::clamp<std::int64_t>(m * n * k / kWorthAThread, 1, thread_count());
  // Columns are cut where there are enough of them, since each part packs its own columns of b once.
  const bool by_column = n >= parts * 128;
  const std::int64_t unit = by_column ? 48 : 8;  // whole panels on every machine
  const std::int64_t extent = by_column ? n : m;
  const std::int64_t each = ((extent + parts - 1) / parts + unit - 1) / unit * unit;
  parallel_for((extent + each - 1) / each, m * n * k, [&](std::int64_t i) {
    const std::int64_t first = i * each, count = std::min(each, extent - first);
    HWY_DYNAMIC_DISPATCH(multiply)
    ({by_column ? 0 : first, by_column ? m : count, by_column ? first : 0, by_column ? count : n, k, a,
      a_stride, &b, &take});
  });
}

}  // namespace bpusim
#endif
