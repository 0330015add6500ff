#include "models/commands/transfer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/machine_params.h"

namespace bpusim {

namespace {

constexpr double kDramEfficiency = 0.9;  // a guess for streams; all mappings share it

}  // namespace

double expected_dram_bytes_per_cycle(const MachineParams& machine) {
  return dram_peak_bytes_per_cycle(machine) * kDramEfficiency;
}

std::int64_t ChannelPrice::issue_cycles(std::int64_t bytes) const {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / pace));
}

ChannelPrice Transfer::channel_price(const MachineParams& machine) const {
  ChannelPrice price;
  price.setup_cycles = machine.dma.setup_cycles;
  price.port_bytes_per_cycle = on_chip() ? machine.sram.bank_bytes_per_cycle : machine.dma.bytes_per_cycle;
  price.pace = static_cast<double>(price.port_bytes_per_cycle);
  if (!on_chip()) price.pace = std::min(price.pace, dram_peak_bytes_per_cycle(machine));
  return price;
}

void Doubling::spread(const std::uint8_t* from, std::uint8_t* to) const {
  const std::int64_t half = columns / 2;
  for (std::int64_t p = 0; p < planes; ++p, from += source_rows() * half)
    for (std::int64_t r = row; r < row + rows; ++r) {
      const std::uint8_t* source = from + (r / 2 - first_source_row()) * half;
      for (std::int64_t c = 0; c < columns; ++c) *to++ = source[c / 2];
    }
}

const char* Transfer::name(const Site& site) const {
  return site.unit == Unit::Load ? "Load" : "Store";
}

void Transfer::relocate(std::int64_t offset) {
  sram += offset;
  if (box_moves) dram.base += offset;
}

Footprint Transfer::footprint(const Site& site, const Plans&) const {
  const Access there = bus_access(dram), here = sram_access(site.core, sram, sram_bytes());
  const bool load = site.unit == Unit::Load;
  return {{load ? there : here}, {load ? here : there}};
}

Cost Transfer::price(const MachineParams& machine, const Site&, const Plans&) const {
  const ChannelPrice channel = channel_price(machine);
  Cost cost;
  cost.add("setup", channel.setup_cycles);
  cost.add("port", channel.port_cycles(dram.bytes()));
  return cost;
}

void Transfer::execute(const Site& site, const Plans&, Memories& memories) const {
  const bool load = site.unit == Unit::Load;
  std::uint8_t* const here = memories.sram(site.core).bytes + sram;
  std::vector<std::uint8_t> halves(static_cast<std::size_t>(doubling ? dram.bytes() : 0));
  std::uint8_t* data = doubling ? halves.data() : here;
  dram.for_each_run([&](std::int64_t address, std::int64_t bytes) {
    if (on_chip()) {
      std::uint8_t* there = memories.sram(core_of(address)).bytes + offset_in_window(address);
      std::memmove(load ? data : there, load ? there : data, static_cast<std::size_t>(bytes));
    } else if (load) {
      memories.dram.read(address, data, bytes);
    } else {
      memories.dram.write(address, data, bytes);
    }
    data += bytes;
  });
  if (doubling) doubling->spread(halves.data(), here);
}

}  // namespace bpusim
