#include "sim/lowering/pool.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 3;

}  // namespace

Program lower_pool(const std::string& name, const PoolPlan& plan, std::int64_t x, std::int64_t y,
                   const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  const ConvProblem& p = plan.problem.window;
  const int index = builder.add_plan(plan);
  const std::int64_t planes = p.n * p.ic, in = p.ih * p.iw * byte_size(plan.in.dtype),
                     out = p.oh * p.ow * byte_size(plan.out.dtype);
  const std::int64_t most = machine.sram.bytes / kSlots / 64 * 64;
  const std::int64_t each =
      std::clamp<std::int64_t>(std::min(tile_bytes, most - 128) / (in + out), 1, planes);
  const std::int64_t room = aligned(each * in) + aligned(each * out);
  if (room > most)
    throw std::invalid_argument("a plane of " + std::to_string(in) + " bytes of input and " +
                                std::to_string(out) + " of output does not fit in the SRAM " +
                                std::to_string(kSlots) + " times");
  builder.reserve_sram(kSlots * room);
  int tile = 0;
  for (std::int64_t plane = 0; plane < planes; plane += each, ++tile) {
    const std::int64_t count = std::min(each, planes - plane);
    const std::int64_t slot = tile / machine.bpu.cores % kSlots * room, result = slot + aligned(each * in);
    const auto add = [&](Unit unit, Body body) {
      Command command;
      command.unit = unit;
      command.core = static_cast<int>(tile % machine.bpu.cores);
      command.tile = tile;
      command.body = std::move(body);
      builder.add(std::move(command));
    };
    ConvTile t;
    t.out_channels = t.in_channels = count;
    t.out_rows = p.oh;
    t.in_rows = p.ih;
    add(Unit::Load, Transfer{DramBox::contiguous(x + plane * in, count * in), slot});
    add(Unit::Vector, Pool{index, t, slot, result});
    add(Unit::Store, Transfer{DramBox::contiguous(y + plane * out, count * out), result});
  }
  return builder.finish();
}

}  // namespace bpusim
