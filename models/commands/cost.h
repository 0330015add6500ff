// What each engine charges for a command: the one place where demand becomes cycles. Engines, scheduler and
// the `bpusim cost` command all ask here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/commands/command.h"
#include "models/machine_params.h"

namespace bpusim {

/// Cycles of the BPU clock, with the parts that they are the sum of.
struct Cost {
  struct Part {
    std::string name;
    std::int64_t cycles = 0;
  };
  std::int64_t cycles = 0;
  std::vector<Part> parts;

  void add(const char* name, std::int64_t part_cycles);
};

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
LaneDemand lane_demand(const NormTile& tile, const NormPlan& plan);

/// Ceil(elements / lanes) a pass where short runs share cycles, ceil(run / lanes) a run where they don't. A
/// 2-byte element takes two lanes.
Cost reduction_cost(const ReductionParams& reduction, const LaneDemand& demand);

/// The same sums on the MAC array: sums as a product with ones, squares as each set's product with itself.
Cost mac_reduction_cost(const MacArrayParams& mac, std::int64_t sets, std::int64_t elements, int sums);

/// A tile of a convolution as matrix products of pixels x outputs x taps, one a group, `groups_per_pass`
/// groups side by side; `int16_passes` times where the activations are int16.
Cost conv_cost(const MacArrayParams& mac, const ConvProblem& problem, const ConvTile& tile,
               DType activations = DType::Int8);

/// A tile of a product of two activations; the second factor streams into the array row by row, however it
/// lies. Where the factors' grids have zero points their sums over rows and columns are products with ones:
/// one row and one column more.
Cost product_cost(const MacArrayParams& mac, const ProductPlan& plan, std::int64_t rows,
                  std::int64_t columns);

/// ceil(elements / lanes) and the pipeline. An element of 2 bytes counts as two.
Cost vector_cost(const VectorParams& vector, std::int64_t elements);

/// The same with the lanes that look up tables.
Cost lookup_cost(const VectorParams& vector, std::int64_t elements);

/// ceil(sets / units) intervals and the pipeline, twice where epsilon joins the deviation (rsqrt of a
/// square).
Cost special_function_cost(const SpecialFunctionParams& sfu, std::int64_t sets, int passes);

/// Nanoseconds of a task on the CPU: overheads, conversions, and the longer of arithmetic and memory.
struct HostCost {
  double task_ns = 0, crossing_ns = 0, convert_ns = 0, layout_ns = 0, compute_ns = 0, memory_ns = 0,
         text_ns = 0;
  double total_ns() const;
};
HostCost host_cost(const HostParams& host, const HostDemand& demand);

/// The price of any command that is not a DMA transfer, whose time the DRAM decides.
Cost price(const MachineParams& machine, const Program& program, const Command& command);

}  // namespace bpusim
