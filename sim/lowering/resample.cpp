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
  const std::int64_t size = byte_size(plan.grid.dtype);
  const std::int64_t most = (machine.sram.bytes / kSlots - 128) / size;  // elements
  std::int64_t planes = 1, rows = v.out;
  std::int64_t in = v.in * h.in, out = v.out * h.out;
  if (in + out <= most) {
    planes = std::clamp<std::int64_t>(std::min(tile_bytes / size, most) / (in + out), 1, plan.planes);
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
  const std::int64_t in_room = aligned(planes * in * size), room = in_room + aligned(planes * out * size);
  builder.reserve_sram(kSlots * room);
  for (std::int64_t p = 0; p < plan.planes; p += planes)
    for (std::int64_t r = 0; r < v.out; r += rows, tiles.next()) {
      const ResampleTile t =
          resample_tile(plan, std::min(planes, plan.planes - p), r, std::min(rows, v.out - r));
      const std::int64_t slot = tiles.slot(kSlots) * room;
      const auto box = [&](std::int64_t address, std::int64_t row, std::int64_t count, std::int64_t height,
                           std::int64_t width) {
        return DramBox{
            address,
            {{p, t.planes, height * width * size}, {row, count, width * size}, {0, width * size, 1}}};
      };
      tiles.add(Unit::Load, Transfer{box(x, t.in_row, t.in_rows, v.in, h.in), slot});
      tiles.add(Unit::Vector, Resample{index, t, slot, slot + in_room});
      tiles.add(Unit::Store, Transfer{box(y, r, t.out_rows, v.out, h.out), slot + in_room});
    }
  return builder.finish();
}

}  // namespace bpusim
