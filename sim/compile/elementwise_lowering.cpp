#include "sim/compile/elementwise_lowering.h"

#include <algorithm>

#include "sim/compile/program_builder.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 4;

// Copies between equal grids need no engine: the DMA moves them.
bool moves_only(const ElementwisePlan& plan) {
  return plan.kind == ElementwiseKind::Copy && plan.in[0].scale == plan.out.scale &&
         plan.in[0].zero_point == plan.out.zero_point;
}

}  // namespace

Program lower_elementwise(const std::string& name, const std::vector<ElementwiseJob>& jobs,
                          const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  int tile = 0;
  for (const ElementwiseJob& job : jobs) {
    const int plan = builder.add_plan(job.plan);
    const int operands = operand_count(job.plan.kind);
    const std::int64_t room = machine.sram.bytes / (kSlots * operands) / 64 * 64;
    const std::int64_t limit = std::max<std::int64_t>(1, std::min(tile_bytes, room));
    const std::int64_t columns = std::min(job.row_elements, limit);
    const std::int64_t rows = columns < job.row_elements ? 1 : std::max<std::int64_t>(1, limit / columns);
    const auto add = [&](Unit unit, Body body) {
      Command command;
      command.unit = unit;
      command.core = static_cast<int>(tile % machine.bpu.cores);
      command.tile = tile;
      command.body = std::move(body);
      builder.add(std::move(command));
    };
    builder.reserve_sram(kSlots * operands * room);
    for (std::int64_t r = 0; r < job.rows; r += rows) {
      for (std::int64_t c = 0; c < job.row_elements; c += columns, ++tile) {
        const std::int64_t height = std::min(rows, job.rows - r),
                           width = std::min(columns, job.row_elements - c);
        const std::int64_t slot = tile / machine.bpu.cores % kSlots * operands * room;
        const auto box = [&](const RowView& view) {
          return DramBox{view.address, {{r, height, view.stride}, {c, width, 1}}};
        };
        for (int k = 0; k < operands; ++k)
          add(Unit::Load, Transfer{box(job.in[static_cast<std::size_t>(k)]), slot + k * room});
        if (!moves_only(job.plan))
          add(Unit::Vector, Elementwise{plan, height * width, slot, slot + (operands - 1) * room, slot});
        add(Unit::Store, Transfer{box(job.out), slot});
      }
    }
  }
  return builder.finish();
}

}  // namespace bpusim
