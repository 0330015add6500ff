#include "sim/lowering/decomposed.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"
#include "sim/lowering/sram_need.h"
#include "sim/lowering/tiling.h"

namespace bpusim {

namespace {

Unit unit_of(PrimitiveOp op) {
  if (op == PrimitiveOp::Mean || op == PrimitiveOp::Sum) return Unit::Reduction;
  return op == PrimitiveOp::Deviation ? Unit::SpecialFunction : Unit::Vector;
}

// Buffers of one tile, from `base` on.
struct Layout {
  PrimitiveAddresses at;
  std::int64_t end = 0;
};

Layout lay_out(std::int64_t base, std::int64_t elements, std::int64_t sets, std::int64_t entries) {
  Layout layout;
  const auto take = [&](std::int64_t bytes) {
    const std::int64_t at = base;
    base += aligned(bytes);
    return at;
  };
  layout.at.codes = take(elements);
  layout.at.wide = take(elements * 2);
  layout.at.work = take(elements * 2);
  layout.at.mean = take(sets * 2);
  layout.at.sum = take(sets * 2);
  layout.at.deviation = take(sets * 2);
  layout.at.gamma = take(entries * 2);
  layout.at.beta = take(entries * 2);
  layout.at.entry_count = entries;
  layout.end = base;
  return layout;
}

void lower_part(ProgramBuilder& builder, const DecomposedJob& job, const MachineParams& machine,
                std::int64_t tile_bytes) {
  const NormPart& part = *job.part;
  const int plan = builder.add_plan(job.plan);
  std::int64_t limit = std::max<std::int64_t>(tile_bytes, 1), slot = 0;
  const auto layout_of = [&](const TileBox& block, std::int64_t base) {
    return lay_out(base, block.elements(), tile_of(part, block).set_count(), entries_of(part, block).count);
  };
  std::vector<TileBox> blocks;
  for (;; limit /= 2) {
    blocks = cut(whole_view(part), block_steps(part, std::max<std::int64_t>(limit, 1)));
    slot = layout_of(blocks.front(), 0).end;
    if (2 * slot <= machine.sram.bytes || limit <= 1) break;
  }
  const std::int64_t slots = std::min<std::int64_t>(4, machine.sram.bytes / slot);
  if (slots < 1)
    throw std::invalid_argument("a set of " + std::to_string(part.set_size()) +
                                " elements with its int16 tensors needs " + short_of_sram(slot, "", machine));
  builder.reserve_sram(slots * slot);
  int tile = 0;
  for (const TileBox& block : blocks) {
    const auto add = [&](Unit unit, Body body) {
      Command command;
      command.unit = unit;
      command.core = static_cast<int>(tile % machine.bpu.cores);
      command.tile = tile;
      command.body = std::move(body);
      builder.add(std::move(command));
    };
    const PrimitiveAddresses at = layout_of(block, tile / machine.bpu.cores % slots * slot).at;
    const EntryRange range = entries_of(part, block);
    add(Unit::Load, Transfer{dram_of(part, block, job.x, 1), at.codes});
    add(Unit::Load,
        Transfer{DramBox::contiguous(job.constants + range.first * 2, range.count * 2), at.gamma});
    add(Unit::Load, Transfer{DramBox::contiguous(job.constants + (part.affine_count() + range.first) * 2,
                                                 range.count * 2),
                             at.beta});
    for (const PrimitiveOp op : job.plan.ops())
      add(unit_of(op), Primitive{plan, op, tile_of(part, block), at});
    add(Unit::Store, Transfer{dram_of(part, block, job.y, 1), at.codes});
    ++tile;
  }
}

}  // namespace

Program lower_decomposed(const std::string& name, const std::vector<DecomposedJob>& jobs,
                         const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  for (const DecomposedJob& job : jobs) lower_part(builder, job, machine, tile_bytes);
  return builder.finish();
}

}  // namespace bpusim
