#include "sim/lowering/matmul.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

namespace {}  // namespace

Program lower_matmul(const std::string& name, const ConvJob& job, const MachineParams& machine,
                     std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  const std::int64_t m = job.plan.problem.n, k = job.plan.problem.ic, n = job.plan.problem.oc;
  const std::int64_t in_size = byte_size(job.plan.in.dtype), out_size = byte_size(job.plan.out.dtype);
  const int plan = builder.add_plan(job.plan);
  const TileTail tail(builder, job.tail);
  MacLoops loops = MacLoops::all_channels(job.mapping, machine, n, 1);
  const std::int64_t column = k + kRecordBytes;
  std::int64_t& columns = loops.chunk;
  if (loops.mapping != MacMapping::Weights &&
      loops.weight_slots() * columns * column > loops.weight_limit(machine.sram.bytes))
    columns = std::clamp<std::int64_t>(loops.weight_limit(machine.sram.bytes) / 2 / column, 1, loops.share);
  const std::int64_t weights = aligned(columns * k) + aligned(columns * kRecordBytes),
                     all_weights = loops.weight_slots() * weights;
  const std::int64_t most = (machine.sram.bytes - all_weights) / MacLoops::kOutputs / 64 * 64;
  const std::int64_t row = k * in_size + columns * out_size + tail.room(columns * out_size);
  if (most < row + 192)
    throw std::invalid_argument("a row of " + std::to_string(k) +
                                " and a column of weights do not fit in the SRAM");
  loops.check_difference(2 * n * column <= machine.sram.bytes / 2);
  const std::int64_t rows = std::clamp<std::int64_t>(std::min(tile_bytes, most - 192) / row, 1, m);
  const std::int64_t in_room = aligned(rows * k * in_size), out_room = aligned(rows * columns * out_size),
                     result_room = out_room + tail.room(out_room);
  builder.reserve_sram(all_weights + loops.input_slots() * in_room + MacLoops::kOutputs * result_room);
  int tile = 0;
  visit_tiles(loops, ceil_div(m, rows), [&](const MacVisit& v) {
    const auto add = [&](Unit unit, Body body) {
      Command command;
      command.unit = unit;
      command.core = v.core;
      command.tile = tile;
      command.body = std::move(body);
      builder.add(std::move(command));
    };
    const std::int64_t c = v.channel, count = v.channels, r = v.piece * rows, at = v.weight_slot * weights,
                       in = all_weights + loops.input_at(v.input_slot, in_room, result_room),
                       out = all_weights + loops.output_at(v.output_slot, in_room, result_room);
    if (v.load_weights) {
      add(Unit::Load, Transfer{DramBox::contiguous(job.weights + c * k, count * k), at});
      add(Unit::Load, Transfer{DramBox::contiguous(job.entries + c * kRecordBytes, count * kRecordBytes),
                               at + aligned(columns * k)});
    }
    ConvTile t;
    t.out_channel = c;
    t.out_channels = count;
    t.in_channels = k;
    t.samples = std::min(rows, m - r);
    const DramBox output{job.y, {{r, t.samples, n * out_size}, {c * out_size, count * out_size, 1}}};
    if (v.load_input)
      add(Unit::Load, Transfer{DramBox::contiguous(job.x + r * k * in_size, t.samples * k * in_size), in});
    tail.load(add, output, job.y, out + out_room);
    add(Unit::Mac, Convolve{plan, t, in, at, at + aligned(columns * k), out});
    tail.apply(add, t.samples * count, out, out + out_room);
    add(Unit::Store, Transfer{output, out});
    ++tile;
  });
  return builder.finish();
}

}  // namespace bpusim
