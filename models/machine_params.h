// Everything that can be said about a machine: one struct a unit, one parameter table a struct.
// Values are plain data, checked by the reader against the tables; a machine is built from them once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/quantise/fixed_point.h"

namespace bpusim {

struct NumericWidths;
template <class T>
struct Parameter;  // parameter_table.h
template <class T>
using ParameterTable = std::vector<Parameter<T>>;

/// Clock and cores of the BPU.
struct BpuParams {
  std::int64_t cores = 1;
  double clock_mhz = 1000;
  std::int64_t dispatch_cycles = 8;
};
const ParameterTable<BpuParams>& bpu_parameters();

/// Which operand stays in the MAC array while the others stream through it.
enum class Dataflow { OutputStationary, WeightStationary, InputStationary };

/// Systolic MAC array.
struct MacArrayParams {
  std::int64_t rows = 32;
  std::int64_t cols = 32;
  Dataflow dataflow = Dataflow::OutputStationary;
  bool fold_overlap = false;
  std::int64_t groups_per_pass = 1;
  std::int64_t int16_passes = 2;
};
const ParameterTable<MacArrayParams>& mac_array_parameters();

/// Reduction unit: sums, sums of squares, sums of magnitudes.
struct ReductionParams {
  std::int64_t lanes = 64;
  std::int64_t sums_per_pass = 2;
  bool segmented = true;
  std::int64_t pipeline_cycles = 4;
};
const ParameterTable<ReductionParams>& reduction_parameters();

/// Vector unit: applies affines and element-wise operators.
struct VectorParams {
  std::int64_t lanes = 64;
  std::int64_t table_lanes = 16;
  std::int64_t int16_table_entries = 65536;
  std::int64_t pipeline_cycles = 6;
};
const ParameterTable<VectorParams>& vector_parameters();

/// Special-function unit: reciprocal square roots.
struct SpecialFunctionParams {
  std::int64_t units = 4;
  std::int64_t interval_cycles = 1;
  std::int64_t pipeline_cycles = 16;
};
const ParameterTable<SpecialFunctionParams>& special_function_parameters();

/// A set that could overflow an accumulator is refused, or runs and wraps where it does.
enum class OnOverflow { Refuse, Wrap };

/// Widths of the integer datapath (the integer contract, docs/numerics.md).
struct NumericsParams {
  std::int64_t table_entries = 64;
  std::int64_t newton_steps = 1;
  std::int64_t rsqrt_bits = 30;
  std::int64_t epsilon_bits = 8;
  std::int64_t normalised_bits = 32;
  std::int64_t multiplier_bits = 31;
  std::int64_t sum_bits = 40;
  std::int64_t square_sum_bits = 48;
  Rounding rounding = Rounding::HalfEven;
  OnOverflow on_overflow = OnOverflow::Refuse;
};
const ParameterTable<NumericsParams>& numerics_parameters();

/// The same, as the kernels take them.
NumericWidths numeric_widths(const NumericsParams& numerics);

/// Banked SRAM of one core.
struct SramParams {
  std::int64_t bytes = 2 * 1024 * 1024;
  std::int64_t banks = 16;
  std::int64_t bank_bytes_per_cycle = 64;
  std::int64_t interleave_bytes = 0;
  std::int64_t tensor_bytes = 0;
};
const ParameterTable<SramParams>& sram_parameters();

/// DMA channels of one core.
struct DmaParams {
  std::int64_t load_channels = 1;
  std::int64_t store_channels = 1;
  std::int64_t bytes_per_cycle = 64;
  std::int64_t request_bytes = 4096;
  std::int64_t outstanding = 4;
  std::int64_t setup_cycles = 32;
};
const ParameterTable<DmaParams>& dma_parameters();

/// DRAM: organisation in powers of two, timing in clocks of `clock_ns`.
struct DramParams {
  std::int64_t channels = 1;
  std::int64_t bus_bits = 32;
  std::int64_t ranks = 1;
  std::int64_t bank_groups = 2;
  std::int64_t banks_per_group = 4;
  std::int64_t rows = 65536;
  std::int64_t columns = 1024;
  std::int64_t burst_length = 16;
  double clock_ns = 0.625;
  double transfers_per_clock = 2;
  std::string address_map = "row,rank,bank,bank_group,column,channel";
  std::int64_t cl = 28, cwl = 14, rcd = 29, rp = 34, ras = 68, rfc = 448, refi = 6240;
  std::int64_t ccd_s = 8, ccd_l = 8, rrd_s = 16, rrd_l = 16, faw = 64;
  std::int64_t wtr_s = 16, wtr_l = 16, wr = 29, rtp = 12, rtrs = 2;
  double controller_ns = 20;
};
const ParameterTable<DramParams>& dram_parameters();

/// Host CPU and the cost of falling back to it.
struct HostParams {
  std::int64_t cores = 4;
  double clock_mhz = 1500;
  double simd_ops_per_cycle = 8;
  double bandwidth_gbps = 4;
  double task_overhead_us = 30;
  double crossing_overhead_us = 20;
  double convert_ops_per_element = 4;
  double layout_ops_per_element = 3;
  double random_ops_per_element = 40;
  double string_ns_per_char = 20;
};
const ParameterTable<HostParams>& host_parameters();

/// A whole machine.
struct MachineParams {
  std::string name = "generic";
  std::string description;
  std::string policy = "full";  ///< the support policy that fits the chip; a run may name another
  BpuParams bpu;
  MacArrayParams mac;
  ReductionParams reduction;
  VectorParams vector;
  SpecialFunctionParams sfu;
  NumericsParams numerics;
  SramParams sram;
  DmaParams dma;
  DramParams dram;
  HostParams host;
};

/// Calls visit(section name, section, its table, its doc) for each unit of the machine, in file order.
template <class Machine, class Visitor>
void for_each_section(Machine& machine, Visitor&& visit) {
  visit("bpu", machine.bpu, bpu_parameters(), "Clock and cores of the BPU.");
  visit("mac", machine.mac, mac_array_parameters(), "MAC array of each core.");
  visit("reduction", machine.reduction, reduction_parameters(), "Reduction unit of each core.");
  visit("vector", machine.vector, vector_parameters(), "Vector unit of each core.");
  visit("sfu", machine.sfu, special_function_parameters(), "Special-function unit of each core.");
  visit("numerics", machine.numerics, numerics_parameters(), "Widths of the integer datapath.");
  visit("sram", machine.sram, sram_parameters(), "SRAM of each core.");
  visit("dma", machine.dma, dma_parameters(), "DMA channels of each core.");
  visit("dram", machine.dram, dram_parameters(), "DRAM behind the BPU and the host.");
  visit("host", machine.host, host_parameters(), "Host CPU.");
}

/// What no single row can say: constraints between values, each violation as "section.key: sentence".
std::vector<std::string> inconsistencies(const MachineParams& machine);

/// Peak DRAM bytes a BPU cycle, all channels.
double dram_peak_bytes_per_cycle(const MachineParams& machine);

}  // namespace bpusim
