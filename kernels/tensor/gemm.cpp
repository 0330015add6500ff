#include "kernels/tensor/gemm.h"

#include <algorithm>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tensor/gemm.cpp"
#include "kernels/cpu/simd_targets.h"
//
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef BPUSIM_GEMM_ONCE
#define BPUSIM_GEMM_ONCE
namespace bpusim {
namespace gemm_detail {

// A part of the product: all of k for some rows and columns.
struct Part {
  std::int64_t row, rows, column, columns, k;
  const double* a;
  std::int64_t a_stride;
  const RowSource<double>* b;
  double* c;
  std::int64_t c_stride;
};

constexpr std::int64_t kDepth = 256;    // of k at a time
constexpr std::int64_t kColumns = 384;  // with kDepth: 768 KiB of b, in a second-level cache
constexpr std::int64_t kPitch =
    kDepth + 8;  // between rows of a's panel; no power of two, for the cache's sets

}  // namespace gemm_detail
}  // namespace bpusim
#endif

HWY_BEFORE_NAMESPACE();
namespace bpusim {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using namespace gemm_detail;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

// A block of accumulators and what feeds it fit the registers: 8 x 3 + 3 + 1 of 32, or 4 x 3 + 3 + 1 of 16.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kRows = 8;
#else
constexpr int kRows = 4;
#endif
constexpr int kVectors = 3;

// c[r][j] += sum over k of a[r][k] * b[k][j], the accumulators in registers. `valid` of the columns exist.
template <int rows, int vectors>
HWY_NOINLINE void block(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b, std::int64_t depth,
                        double* c, std::int64_t c_stride, std::int64_t valid) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  HWY_ALIGN double edge[rows * vectors * hn::MaxLanes(D())];
  double* out = c;
  std::int64_t stride = c_stride;
  if (valid < vectors * lanes) {
    stride = vectors * lanes;
    out = edge;
    for (int r = 0; r < rows; ++r) {
      std::copy(c + r * c_stride, c + r * c_stride + valid, edge + r * stride);
      std::fill(edge + r * stride + valid, edge + (r + 1) * stride, 0.0);
    }
  }
  V sum[rows][vectors];
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) HWY_UNROLL(3)
  for (int v = 0; v < vectors; ++v) sum[r][v] = hn::LoadU(d, out + r * stride + v * lanes);
  for (std::int64_t k = 0; k < depth; ++k) {
    V x[vectors];
    HWY_UNROLL(3)
    for (int v = 0; v < vectors; ++v) x[v] = hn::Load(d, b + v * lanes);
    HWY_UNROLL(8)
    for (int r = 0; r < rows; ++r) {
      const V w = hn::Set(d, a[r * kPitch]);
      HWY_UNROLL(3)
      for (int v = 0; v < vectors; ++v) sum[r][v] = hn::MulAdd(w, x[v], sum[r][v]);
    }
    ++a;
    b += vectors * lanes;
  }
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) HWY_UNROLL(3)
  for (int v = 0; v < vectors; ++v) hn::StoreU(sum[r][v], d, out + r * stride + v * lanes);
  if (out == edge)
    for (int r = 0; r < rows; ++r) std::copy(edge + r * stride, edge + r * stride + valid, c + r * c_stride);
}

template <int rows>
void block_of(std::int64_t vectors, const double* a, const double* b, std::int64_t depth, double* c,
              std::int64_t c_stride, std::int64_t valid) {
  if (vectors == 3) return block<rows, 3>(a, b, depth, c, c_stride, valid);
  if (vectors == 2) return block<rows, 2>(a, b, depth, c, c_stride, valid);
  return block<rows, 1>(a, b, depth, c, c_stride, valid);
}

// Vectors in the next panel: three, but four that are left make two and two.
std::int64_t panel_vectors(std::int64_t columns_left, std::int64_t lanes) {
  const std::int64_t left = (columns_left + lanes - 1) / lanes;
  return left == 4 ? 2 : std::min<std::int64_t>(left, kVectors);
}

// Rows [k, k + depth) of b's columns, panel after panel, each row of a panel padded with zeros to whole
// vectors.
void pack(const Part& p, std::int64_t column, std::int64_t columns, std::int64_t k, std::int64_t depth,
          double* scratch, double* packed) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t i = 0; i < depth; ++i) {
    const double* row = p.b->row(k + i, column, columns, scratch);
    double* panel = packed;
    for (std::int64_t j = 0; j < columns;) {
      const std::int64_t width = panel_vectors(columns - j, lanes) * lanes;
      double* to = panel + i * width;
      std::int64_t at = 0;
      for (; at < width && j + at + lanes <= columns; at += lanes)
        hn::Store(hn::LoadU(d, row + j + at), d, to + at);
      for (; at < width; ++at) to[at] = j + at < columns ? row[j + at] : 0.0;
      panel += depth * width;
      j += width;
    }
  }
}

// One pass over some rows of a with the packed columns of b.
template <int rows>
void row_panel(const Part& p, std::int64_t row, std::int64_t column, std::int64_t columns, std::int64_t k,
               std::int64_t depth, const double* packed) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  HWY_ALIGN double a[rows * kPitch];
  for (int r = 0; r < rows; ++r) std::copy_n(p.a + (row + r) * p.a_stride + k, depth, a + r * kPitch);
  for (std::int64_t j = 0; j < columns;) {
    const std::int64_t vectors = panel_vectors(columns - j, lanes), width = vectors * lanes;
    block_of<rows>(vectors, a, packed, depth, p.c + row * p.c_stride + column + j, p.c_stride,
                   std::min(width, columns - j));
    packed += depth * width;
    j += width;
  }
}

void multiply(const Part& p) {
  thread_local Scratch<double> packed_memory, row_memory;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  const std::int64_t widest = std::min(kColumns, p.columns);
  double* packed =
      packed_memory.reserve(static_cast<std::size_t>((widest + 2 * lanes) * std::min(kDepth, p.k)));
  double* scratch = row_memory.reserve(static_cast<std::size_t>(widest));
  for (std::int64_t j = 0; j < p.columns; j += kColumns) {
    const std::int64_t column = p.column + j, columns = std::min(kColumns, p.columns - j);
    for (std::int64_t k = 0; k < p.k; k += kDepth) {
      const std::int64_t depth = std::min(kDepth, p.k - k);
      pack(p, column, columns, k, depth, scratch, packed);
      for (std::int64_t r = p.row; r < p.row + p.rows;) {
        const std::int64_t left = p.row + p.rows - r;
        if (left >= kRows) {
          row_panel<kRows>(p, r, column, columns, k, depth, packed);
          r += kRows;
        } else if (left >= 4) {
          row_panel<4>(p, r, column, columns, k, depth, packed);
          r += 4;
        } else if (left >= 2) {
          row_panel<2>(p, r, column, columns, k, depth, packed);
          r += 2;
        } else {
          row_panel<1>(p, r, column, columns, k, depth, packed);
          r += 1;
        }
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bpusim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bpusim {

HWY_EXPORT(multiply);

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t a_stride,
          const RowSource<double>& b, double* c, std::int64_t c_stride) {
  constexpr std::int64_t kWorthAThread = 1 << 20;  // products, each part packing some of b again
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
      a_stride, &b, c, c_stride});
  });
}

}  // namespace bpusim
#endif
