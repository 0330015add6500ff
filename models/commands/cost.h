// What each unit charges for a demand: arithmetic on the parameters of one unit. A command's price
// (behaviour.h) is made of these; `bpusim cost` shows them. Those of DMA channels and of the host are with
// their commands (transfer.h, host_task.h).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/tensor/tensor.h"
#include "models/machine_params.h"

namespace bpusim {

struct NormTile;

/// Cycles of the BPU clock, with the parts that they are the sum of.
struct Cost {
  struct Part {
    const char* name = "";
    std::int64_t cycles = 0;
  };
  std::int64_t cycles = 0;
  std::vector<Part> parts;

  void add(const char* name, std::int64_t part_cycles);
};

/// What a run may take, in seconds of machine time: SystemC counts femtoseconds, in 64 bits.
constexpr int kLongestSeconds = 9223;

/// Cycles of the BPU's clock that so many nanoseconds are, rounded up. Throws std::invalid_argument beyond
/// kLongestSeconds.
std::int64_t bpu_cycles_of(double ns, const BpuParams& bpu);

/// M x K by K x N on the systolic array. Without fold overlap these are SCALE-Sim v2's compute cycles:
///   output stationary ceil(M/R) ceil(N/C) (R + C + K - 2) - 1
///   weight stationary ceil(K/R) ceil(N/C) (2R + C + M - 2) - 1
///   input stationary  ceil(K/R) ceil(M/C) (2R + C + N - 2) - 1
/// With it the array fills once, and each fold costs its streamed dimension (no less than what loads a
/// stationary operand).
Cost matmul_cost(const MacArrayParams& mac, std::int64_t m, std::int64_t n, std::int64_t k);

/// How the elements of a tile meet the lanes: `runs` contiguous runs of `run` elements each.
struct LaneDemand {
  std::int64_t runs = 1;
  std::int64_t run = 1;
  bool across = true;  ///< a run belongs to one set (an adder tree across lanes) or each lane to its own
  int sums = 2;        ///< sums that are needed
  int element_bytes = 1;
};
/// Of `sums` sums of a tile's sets. A run is made of the innermost dimensions that behave alike.
LaneDemand lane_demand(const NormTile& tile, int sums, int element_bytes);

/// Ceil(elements / lanes) a pass where short runs share cycles, ceil(run / lanes) a run where they don't. A
/// 2-byte element takes two lanes.
Cost reduction_cost(const ReductionParams& reduction, const LaneDemand& demand);

/// The same sums on the MAC array: sums as a product with ones, squares as each set's product with itself.
Cost mac_reduction_cost(const MacArrayParams& mac, std::int64_t sets, std::int64_t elements, int sums);

/// Lanes that `elements` take, where what is read and written is of these types: two a 2-byte element.
std::int64_t lanes_taken(std::int64_t elements, DType in, DType out);

/// ceil(elements / lanes) and the pipeline. An element of 2 bytes counts as two, of 4 as four.
Cost vector_cost(const VectorParams& vector, std::int64_t elements);

/// The same with the lanes that look up tables.
Cost lookup_cost(const VectorParams& vector, std::int64_t elements);

/// ceil(sets / units) intervals and the pipeline, twice where epsilon joins the deviation (rsqrt of a
/// square).
Cost special_function_cost(const SpecialFunctionParams& sfu, std::int64_t sets, int passes);

}  // namespace bpusim
