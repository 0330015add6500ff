#include "sim/lowering/estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "models/commands/cost.h"

namespace bpusim {

namespace {

constexpr double kDramEfficiency = 0.9;  // a guess for streams; all mappings share it

}  // namespace

std::int64_t estimate_cycles(const Program& program, const MachineParams& machine) {
  using Engine = std::tuple<Unit, int, int>;
  std::map<Engine, std::int64_t> free;
  std::vector<std::int64_t> done(program.commands.size(), 0);
  const double dram = dram_peak_bytes_per_cycle(machine) * kDramEfficiency;
  double dram_free = 0;
  std::int64_t latest = 0;
  for (std::size_t c = 0; c < program.commands.size(); ++c) {
    const Command& command = program.commands[c];
    std::int64_t ready = 0;
    for (const int d : command.dependencies) ready = std::max(ready, done[static_cast<std::size_t>(d)]);
    std::int64_t& engine =
        free[{command.unit, command.unit == Unit::Host ? 0 : command.core, command.channel}];
    const std::int64_t start = std::max(engine, ready + machine.bpu.dispatch_cycles);
    if (const auto* transfer = std::get_if<Transfer>(&command.body)) {
      const auto bytes = static_cast<double>(transfer->dram.bytes());
      if (transfer->dram.base >= kSramWindow) {
        const double cycles = bytes / static_cast<double>(machine.sram.bank_bytes_per_cycle);
        done[c] = engine = start + machine.dma.setup_cycles + static_cast<std::int64_t>(std::ceil(cycles));
        latest = std::max(latest, done[c]);
        continue;
      }
      const double issue = static_cast<double>(start + machine.dma.setup_cycles);
      dram_free = std::max(dram_free, issue) + bytes / dram;
      const double port = issue + bytes / static_cast<double>(machine.dma.bytes_per_cycle);
      done[c] = static_cast<std::int64_t>(std::ceil(std::max(dram_free, port)));
      engine = done[c];
    } else {
      done[c] = engine = start + price(machine, program, command).cycles;
    }
    latest = std::max(latest, done[c]);
  }
  return latest;
}

}  // namespace bpusim
