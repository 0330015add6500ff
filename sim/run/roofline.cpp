#include "sim/run/roofline.h"

#include <cmath>

namespace bpusim {

namespace {

double dram_cycles(double bytes, const MachineParams& machine) {
  const double data_ns = bytes / dram_peak_bytes_per_cycle(machine) * 1000 / machine.bpu.clock_mhz;
  if (machine.dram.ranks > 1) return data_ns * machine.bpu.clock_mhz / 1000;
  // Any stretch of time holds at least as many refreshes as whole intervals fit into it.
  const double refi = static_cast<double>(machine.dram.refi) * machine.dram.clock_ns;
  const double rfc = static_cast<double>(machine.dram.rfc) * machine.dram.clock_ns;
  const double total_ns = data_ns + std::floor(data_ns / (refi - rfc)) * rfc;
  return total_ns * machine.bpu.clock_mhz / 1000;
}

}  // namespace

Roofline roofline(const Work& work, const MachineParams& machine) {
  Roofline best{1, work.read_bytes + work.write_bytes > 0 ? Bound::Dram : Bound::Sram};
  const auto consider = [&](Bound bound, double cycles) {
    if (cycles > best.cycles) best = {cycles, bound};
  };
  const double cores = static_cast<double>(machine.bpu.cores);
  const auto over = [](std::int64_t amount, double rate) { return static_cast<double>(amount) / rate; };
  const double width = static_cast<double>(machine.dma.bytes_per_cycle) * cores;
  if (work.host_cycles > 0) {
    consider(Bound::Host, static_cast<double>(work.host_cycles));
  } else {
    consider(Bound::Dram, dram_cycles(static_cast<double>(work.read_bytes + work.write_bytes), machine));
    consider(Bound::DmaLoad, over(work.read_bytes, width * static_cast<double>(machine.dma.load_channels)));
    consider(Bound::DmaStore,
             over(work.write_bytes, width * static_cast<double>(machine.dma.store_channels)));
    // Each channel copies a port's width a cycle, loads and stores apart.
    const double port = static_cast<double>(machine.sram.bank_bytes_per_cycle) * cores;
    consider(Bound::Sram, over(work.sram_read_bytes, port * static_cast<double>(machine.dma.load_channels)));
    consider(Bound::Sram,
             over(work.sram_write_bytes, port * static_cast<double>(machine.dma.store_channels)));
    consider(Bound::Mac, over(work.macs, static_cast<double>(machine.mac.rows * machine.mac.cols) * cores));
    consider(Bound::Reduction,
             over(work.reduced_elements, static_cast<double>(machine.reduction.lanes) * cores));
    consider(Bound::Vector,
             over(work.table_elements, static_cast<double>(machine.vector.table_lanes) * cores));
    consider(Bound::Vector, over(work.vector_elements, static_cast<double>(machine.vector.lanes) * cores));
  }
  return best;
}

}  // namespace bpusim
