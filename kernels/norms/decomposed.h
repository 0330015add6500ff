// A norm as a BPU without a fused norm unit runs it: as the sub-operators that exporters write, with an int16
// tensor between any two of them. Each sub-operator computes exactly and rounds once, ties to even, onto its
// own symmetric int16 grid; the grids come from calibration data.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norms/datapath.h"
#include "kernels/norms/norm.h"
#include "kernels/quantise/quantise.h"

namespace bpusim {

/// The sub-operators, in the order in which they run. MeanSquare, L1 and L2 leave out Mean, and their Centre
/// only widens.
enum class PrimitiveOp {
  Mean,       ///< x to one mean a set
  Centre,     ///< x - mean
  Square,     ///< of the centred; magnitude for L1
  Sum,        ///< of the squares: mean for variances and mean squares, sum for norms
  Deviation,  ///< sqrt(sum + epsilon), sqrt(sum) + epsilon, or the sum itself for L1
  Divide,     ///< centred / deviation; 0 where the deviation is 0
  Scale,      ///< times gamma
  Shift,      ///< plus beta, onto the output's grid
};
const char* to_string(PrimitiveOp op);

/// Grids and constants of a part.
struct DecomposedPlan {
  Statistic statistic = Statistic::MeanVariance;
  EpsilonPlace epsilon_place = EpsilonPlace::InVariance;
  double epsilon = 0;
  std::int64_t set_size = 1;
  Quantisation in, mean, centred, square, sum, deviation, normalised, scaled, out;
  Quantisation gamma_grid, beta_grid;
  std::vector<std::int16_t> gamma, beta;  ///< one an affine index
  std::vector<PrimitiveOp> ops() const;
};

/// `x` is the calibration tensor that the part is a view of, row-major; where it is empty the grids inside
/// are left at their defaults, which is enough for timing. Not for Statistic::Given.
DecomposedPlan plan_decomposed(const NormPart& part, const std::vector<double>& x, const Quantisation& in,
                               const Quantisation& out);

/// Where a tile of whole sets has its buffers in SRAM, in bytes. Elements: codes int8 (results replace them),
/// wide and work int16. Sets: mean, sum, deviation int16. Affine: gamma and beta int16, from the entry of the
/// tile's first element on.
struct PrimitiveAddresses {
  std::int64_t codes = 0, wide = 0, work = 0, mean = 0, sum = 0, deviation = 0, gamma = 0, beta = 0;
  std::int64_t entry_count = 0;
};

/// A span that a sub-operator reads or writes.
struct PrimitiveSpan {
  std::int64_t begin = 0, bytes = 0;
  bool write = false;
};
std::vector<PrimitiveSpan> primitive_spans(const DecomposedPlan& plan, PrimitiveOp op, const NormTile& tile,
                                           const PrimitiveAddresses& at);

void run_primitive(const DecomposedPlan& plan, PrimitiveOp op, const NormTile& tile,
                   const PrimitiveAddresses& at, std::uint8_t* sram);

}  // namespace bpusim
