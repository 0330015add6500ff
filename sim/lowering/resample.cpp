#include "sim/lowering/resample.h"

#include <algorithm>
#include <stdexcept>

#include "sim/lowering/tile_commands.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 3;

// The most input rows that `rows` output rows need anywhere.
std::int64_t input_rows(const ResamplePlan& plan, std::int64_t rows) {
  std::int64_t most = 1;
  for (std::int64_t r = 0; r < plan.rows.out; r += rows)
    most = std::max(most, resample_tile(plan, 1, r, std::min(rows, plan.rows.out - r)).in_rows);
  return most;
}

}  // namespace

Program lower_resample(const std::string& name, const ResamplePlan& plan, std::int64_t x, std::int64_t y,
                       const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TileCommands tiles(builder, machine);
  const int index = builder.add_plan(plan);
  const AxisTaps &v = plan.rows, &h = plan.columns;
  const std::int64_t most = machine.sram.bytes / kSlots - 128;
  std::int64_t planes = 1, rows = v.out;
  std::int64_t in = v.in * h.in, out = v.out * h.out;
  if (in + out <= most) {
    planes = std::clamp<std::int64_t>(std::min(tile_bytes, most) / (in + out), 1, plan.planes);
  } else {
    while (in + out > most && rows > 1) {
      rows = (rows + 1) / 2;
      in = input_rows(plan, rows) * h.in;
      out = rows * h.out;
    }
  }
  if (in + out > most)
    throw std::invalid_argument("a row of " + std::to_string(h.out) +
                                " outputs does not fit in the SRAM with the rows that it comes from");
  const std::int64_t in_room = aligned(planes * in), room = in_room + aligned(planes * out);
  builder.reserve_sram(kSlots * room);
  for (std::int64_t p = 0; p < plan.planes; p += planes)
    for (std::int64_t r = 0; r < v.out; r += rows, tiles.next()) {
      const ResampleTile t =
          resample_tile(plan, std::min(planes, plan.planes - p), r, std::min(rows, v.out - r));
      const std::int64_t slot = tiles.slot(kSlots) * room;
      tiles.add(Unit::Load,
                Transfer{DramBox{x, {{p, t.planes, v.in * h.in}, {t.in_row, t.in_rows, h.in}, {0, h.in, 1}}},
                         slot});
      tiles.add(Unit::Vector, Resample{index, t, slot, slot + in_room});
      tiles.add(Unit::Store,
                Transfer{DramBox{y, {{p, t.planes, v.out * h.out}, {r, t.out_rows, h.out}, {0, h.out, 1}}},
                         slot + in_room});
    }
  return builder.finish();
}

}  // namespace bpusim
