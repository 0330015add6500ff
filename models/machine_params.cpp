#include "models/machine_params.h"

#include "kernels/norms/datapath.h"
#include "models/parameter_table.h"

namespace bpusim {

const ParameterTable<BpuParams>& bpu_parameters() {
  static const ParameterTable<BpuParams> table = {
      {"cores", &BpuParams::cores, "", 1, 64, "BPU cores; each has its own engines, SRAM and DMA."},
      {"clock_mhz", &BpuParams::clock_mhz, "MHz", 1, 10000, "Clock of engines, SRAM and DMA."},
      {"dispatch_cycles", &BpuParams::dispatch_cycles, "cycles", 0, 1e6,
       "From a command's last dependency being met to its start, where its engine was idle."},
  };
  return table;
}

const ParameterTable<MacArrayParams>& mac_array_parameters() {
  static const ParameterTable<MacArrayParams> table = {
      {"rows", &MacArrayParams::rows, "", 1, 4096, "Rows of the array."},
      {"cols", &MacArrayParams::cols, "", 1, 4096, "Columns of the array."},
      {"dataflow",
       words(&MacArrayParams::dataflow, {{Dataflow::OutputStationary, "output_stationary"},
                                         {Dataflow::WeightStationary, "weight_stationary"},
                                         {Dataflow::InputStationary, "input_stationary"}}),
       "", 0, 0, "Which operand stays in the array."},
      {"fold_overlap", &MacArrayParams::fold_overlap, "", 0, 0,
       "Whether a fold's fill runs behind the fold before it, so that fill and drain are paid once a "
       "command."},
      {"groups_per_pass", &MacArrayParams::groups_per_pass, "", 1, 4096,
       "Groups of a grouped or depthwise convolution that the array serves side by side."},
      {"int16_passes", &MacArrayParams::int16_passes, "", 1, 8,
       "Passes of the array over int16 activations with int8 weights, where int8 activations take one."},
  };
  return table;
}

const ParameterTable<ReductionParams>& reduction_parameters() {
  static const ParameterTable<ReductionParams> table = {
      {"lanes", &ReductionParams::lanes, "elements/cycle", 1, 65536, "Elements taken in each cycle."},
      {"sums_per_pass", &ReductionParams::sums_per_pass, "", 1, 2,
       "Sums kept at once: with 1, a sum and a sum of squares take two passes."},
      {"segmented", &ReductionParams::segmented, "", 0, 0,
       "Whether sets shorter than the lanes share a cycle (a segmented adder tree)."},
      {"pipeline_cycles", &ReductionParams::pipeline_cycles, "cycles", 0, 1000,
       "Depth of the pipeline without the adder tree, which adds log2(lanes) across lanes."},
  };
  return table;
}

const ParameterTable<VectorParams>& vector_parameters() {
  static const ParameterTable<VectorParams> table = {
      {"lanes", &VectorParams::lanes, "elements/cycle", 1, 65536, "Elements written in each cycle and pass."},
      {"table_lanes", &VectorParams::table_lanes, "elements/cycle", 1, 65536,
       "Elements of table-driven functions (activations) in each cycle."},
      {"int16_table_entries", &VectorParams::int16_table_entries, "", 512, 65536,
       "Codes that the table of a function holds where its input is int16, a power of two. All 65,536 are "
       "exact, and take 128 KiB of SRAM that every step loads; between fewer the function is drawn "
       "straight."},
      {"pipeline_cycles", &VectorParams::pipeline_cycles, "cycles", 0, 1000, "Depth of the pipeline."},
  };
  return table;
}

const ParameterTable<SpecialFunctionParams>& special_function_parameters() {
  static const ParameterTable<SpecialFunctionParams> table = {
      {"units", &SpecialFunctionParams::units, "", 1, 4096,
       "Reciprocal square roots worked on side by side."},
      {"interval_cycles", &SpecialFunctionParams::interval_cycles, "cycles", 1, 1000,
       "Cycles between two results of one unit."},
      {"pipeline_cycles", &SpecialFunctionParams::pipeline_cycles, "cycles", 0, 1000,
       "Latency of one result."},
  };
  return table;
}

const ParameterTable<NumericsParams>& numerics_parameters() {
  static const ParameterTable<NumericsParams> table = {
      {"table_entries", &NumericsParams::table_entries, "", 1, 65536,
       "Segments of the rsqrt table over [1, 4)."},
      {"newton_steps", &NumericsParams::newton_steps, "", 0, 3, "Newton steps after the interpolation."},
      {"rsqrt_bits", &NumericsParams::rsqrt_bits, "bits", 8, 30, "Fraction bits of the rsqrt unit."},
      {"epsilon_bits", &NumericsParams::epsilon_bits, "bits", 0, 16,
       "Fraction bits that the variance gets so that epsilon can enter it; an even number."},
      {"normalised_bits", &NumericsParams::normalised_bits, "bits", 8, 32,
       "Width of the normalised value, with its sign."},
      {"multiplier_bits", &NumericsParams::multiplier_bits, "bits", 4, 31, "Width of gamma's multiplier."},
      {"sum_bits", &NumericsParams::sum_bits, "bits", 8, 63,
       "Width of the accumulator of a sum, with its sign."},
      {"square_sum_bits", &NumericsParams::square_sum_bits, "bits", 8, 63,
       "Width of the accumulator of a sum of squares, with its sign."},
      {"rounding",
       words(&NumericsParams::rounding, {{Rounding::HalfEven, "half_even"},
                                         {Rounding::HalfUp, "half_up"},
                                         {Rounding::Truncate, "truncate"}}),
       "", 0, 0, "Rounding of the result."},
      {"on_overflow",
       words(&NumericsParams::on_overflow, {{OnOverflow::Refuse, "refuse"}, {OnOverflow::Wrap, "wrap"}}), "",
       0, 0,
       "A set that could overflow an accumulator is refused, or runs, wraps where it does, and is counted."},
  };
  return table;
}

const ParameterTable<SramParams>& sram_parameters() {
  static const ParameterTable<SramParams> table = {
      {"bytes", &SramParams::bytes, "bytes", 1024, 1e12, "Capacity of one core's SRAM."},
      {"banks", &SramParams::banks, "", 1, 1024, "Banks, each with one port."},
      {"bank_bytes_per_cycle", &SramParams::bank_bytes_per_cycle, "bytes/cycle", 1, 65536,
       "Width of a bank's port."},
      {"interleave_bytes", &SramParams::interleave_bytes, "bytes", 0, 1e6,
       "Consecutive bytes in one bank before the next bank follows; 0 makes each bank one contiguous range."},
      {"tensor_bytes", &SramParams::tensor_bytes, "bytes", 0, 1e12,
       "Part of each core's SRAM that keeps tensors from one operator to the next."},
  };
  return table;
}

const ParameterTable<DmaParams>& dma_parameters() {
  static const ParameterTable<DmaParams> table = {
      {"load_channels", &DmaParams::load_channels, "", 1, 64, "Channels from DRAM to SRAM."},
      {"store_channels", &DmaParams::store_channels, "", 1, 64, "Channels from SRAM to DRAM."},
      {"bytes_per_cycle", &DmaParams::bytes_per_cycle, "bytes/cycle", 1, 65536, "Width of a channel."},
      {"request_bytes", &DmaParams::request_bytes, "bytes", 16, 1e6,
       "Largest contiguous request to the DRAM; channels take turns after each one."},
      {"outstanding", &DmaParams::outstanding, "", 1, 64, "Requests of a channel under way at once."},
      {"setup_cycles", &DmaParams::setup_cycles, "cycles", 0, 1e6,
       "From a command's start to its first request."},
  };
  return table;
}

const ParameterTable<DramParams>& dram_parameters() {
  static const ParameterTable<DramParams> table = {
      {"channels", &DramParams::channels, "", 1, 64,
       "Independent channels; any number where the address map has the channel last."},
      {"bus_bits", &DramParams::bus_bits, "bits", 8, 1024, "Data bus of a channel."},
      {"ranks", &DramParams::ranks, "", 1, 8, "Ranks on a channel."},
      {"bank_groups", &DramParams::bank_groups, "", 1, 16, "Bank groups of a rank."},
      {"banks_per_group", &DramParams::banks_per_group, "", 1, 32, "Banks of a group."},
      {"rows", &DramParams::rows, "", 1, 1e7, "Rows of a bank."},
      {"columns", &DramParams::columns, "", 1, 1e5, "Columns of a row, each as wide as the bus."},
      {"burst_length", &DramParams::burst_length, "transfers", 1, 64, "Transfers of one burst."},
      {"clock_ns", &DramParams::clock_ns, "ns", 0.01, 100, "Clock that the timings below count."},
      {"transfers_per_clock", &DramParams::transfers_per_clock, "", 0.5, 16, "Data transfers in one clock."},
      {"address_map", &DramParams::address_map, "", 0, 0,
       "Order of the address fields row, rank, bank, bank_group, column and channel, highest first."},
      {"cl", &DramParams::cl, "clocks", 1, 10000, "Read command to its data."},
      {"cwl", &DramParams::cwl, "clocks", 1, 10000, "Write command to its data."},
      {"rcd", &DramParams::rcd, "clocks", 1, 10000, "Activate to read or write."},
      {"rp", &DramParams::rp, "clocks", 1, 10000, "Precharge to activate."},
      {"ras", &DramParams::ras, "clocks", 1, 10000, "Activate to precharge."},
      {"rfc", &DramParams::rfc, "clocks", 0, 100000, "Length of an all-bank refresh."},
      {"refi", &DramParams::refi, "clocks", 1, 1e6, "Between two refreshes."},
      {"ccd_s", &DramParams::ccd_s, "clocks", 1, 1000, "Between bursts of different bank groups."},
      {"ccd_l", &DramParams::ccd_l, "clocks", 1, 1000, "Between bursts of the same bank group."},
      {"rrd_s", &DramParams::rrd_s, "clocks", 1, 1000, "Between activates of different bank groups."},
      {"rrd_l", &DramParams::rrd_l, "clocks", 1, 1000, "Between activates of the same bank group."},
      {"faw", &DramParams::faw, "clocks", 1, 1000, "Window that holds at most four activates."},
      {"wtr_s", &DramParams::wtr_s, "clocks", 1, 1000, "End of write data to a read of another bank group."},
      {"wtr_l", &DramParams::wtr_l, "clocks", 1, 1000, "End of write data to a read of the same bank group."},
      {"wr", &DramParams::wr, "clocks", 1, 1000, "End of write data to precharge."},
      {"rtp", &DramParams::rtp, "clocks", 1, 1000, "Read to precharge."},
      {"rtrs", &DramParams::rtrs, "clocks", 0, 1000,
       "Gap on the bus where the rank or the direction changes."},
      {"controller_ns", &DramParams::controller_ns, "ns", 0, 10000,
       "Through controller and interconnect, once for each request."},
  };
  return table;
}

const ParameterTable<HostParams>& host_parameters() {
  static const ParameterTable<HostParams> table = {
      {"cores", &HostParams::cores, "", 1, 1024, "Cores that share a task."},
      {"clock_mhz", &HostParams::clock_mhz, "MHz", 1, 10000, "Clock of a core."},
      {"simd_ops_per_cycle", &HostParams::simd_ops_per_cycle, "ops/cycle", 0.01, 1024,
       "Float32 operations that a core finishes in a cycle."},
      {"bandwidth_gbps", &HostParams::bandwidth_gbps, "GB/s", 0.001, 10000, "Memory bandwidth of all cores."},
      {"task_overhead_us", &HostParams::task_overhead_us, "us", 0, 1e6, "To start one task and to end it."},
      {"crossing_overhead_us", &HostParams::crossing_overhead_us, "us", 0, 1e6,
       "For each change between BPU and CPU: cache maintenance, interrupt, wake-up."},
      {"convert_ops_per_element", &HostParams::convert_ops_per_element, "ops", 0, 1000,
       "To quantise or dequantise an element."},
      {"layout_ops_per_element", &HostParams::layout_ops_per_element, "ops", 0, 1000,
       "To move an element between the BPU's layout and the operator's."},
      {"random_ops_per_element", &HostParams::random_ops_per_element, "ops", 0, 10000,
       "To draw one normal number."},
      {"string_ns_per_char", &HostParams::string_ns_per_char, "ns", 0, 1e6,
       "To handle one character of text, on one core."},
  };
  return table;
}

NumericWidths numeric_widths(const NumericsParams& numerics) {
  NumericWidths widths;
  widths.rsqrt = {static_cast<int>(numerics.table_entries), static_cast<int>(numerics.newton_steps),
                  static_cast<int>(numerics.rsqrt_bits)};
  widths.epsilon_bits = static_cast<int>(numerics.epsilon_bits);
  widths.normalised_bits = static_cast<int>(numerics.normalised_bits);
  widths.multiplier_bits = static_cast<int>(numerics.multiplier_bits);
  widths.sum_bits = static_cast<int>(numerics.sum_bits);
  widths.square_sum_bits = static_cast<int>(numerics.square_sum_bits);
  widths.rounding = numerics.rounding;
  return widths;
}

double dram_peak_bytes_per_cycle(const MachineParams& machine) {
  const auto& dram = machine.dram;
  const double bytes_per_ns =
      static_cast<double>(dram.channels * dram.bus_bits) / 8.0 * dram.transfers_per_clock / dram.clock_ns;
  return bytes_per_ns * 1000.0 / machine.bpu.clock_mhz;
}

}  // namespace bpusim
