#include "sim/lowering/estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "models/commands/cost.h"

namespace bpusim {

std::int64_t estimate_cycles(const Program& program, const MachineParams& machine) {
  using Engine = std::tuple<Unit, int, int>;
  std::map<Engine, std::int64_t> free;
  std::vector<std::int64_t> done(program.commands.size(), 0);
  const double dram = expected_dram_bytes_per_cycle(machine);
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
      const std::int64_t bytes = transfer->dram.bytes();
      const ChannelPrice channel = transfer->channel_price(machine);
      const std::int64_t issue = start + channel.setup_cycles;
      done[c] = issue + channel.port_cycles(bytes);
      if (!transfer->on_chip()) {
        dram_free = std::max(dram_free, static_cast<double>(issue)) + static_cast<double>(bytes) / dram;
        done[c] = std::max(done[c], static_cast<std::int64_t>(std::ceil(dram_free)));
      }
      engine = done[c];
    } else {
      done[c] = engine = start + price(machine, program, command).cycles;
    }
    latest = std::max(latest, done[c]);
  }
  return latest;
}

}  // namespace bpusim
