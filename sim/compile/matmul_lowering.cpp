#include "sim/compile/matmul_lowering.h"

#include <algorithm>
#include <stdexcept>

#include "sim/compile/program_builder.h"

namespace bpusim {

namespace {

constexpr std::int64_t kRecord = 16;
constexpr std::int64_t kSlots = 3;

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

Program lower_matmul(const std::string& name, const ConvJob& job, const MachineParams& machine,
                     std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  const std::int64_t m = job.plan.problem.n, k = job.plan.problem.ic, n = job.plan.problem.oc;
  const std::int64_t in_size = byte_size(job.plan.in.dtype), out_size = byte_size(job.plan.out.dtype);
  const int plan = builder.add_plan(job.plan);
  const TileTail tail(builder, job.tail);
  // Weights of a chunk of columns lie in SRAM twice, the next chunk's behind this one's.
  const std::int64_t columns = std::clamp<std::int64_t>(machine.sram.bytes / 4 / (k + kRecord), 1, n);
  const std::int64_t weights = aligned(columns * k) + aligned(columns * kRecord);
  const std::int64_t most = (machine.sram.bytes - 2 * weights) / kSlots / 64 * 64;
  const std::int64_t row = k * in_size + columns * out_size + tail.room(columns * out_size);
  if (most < row + 192)
    throw std::invalid_argument("a row of " + std::to_string(k) +
                                " and a column of weights do not fit in the SRAM");
  const std::int64_t rows = std::clamp<std::int64_t>(std::min(tile_bytes, most - 192) / row, 1, m);
  const std::int64_t out_room = aligned(rows * columns * out_size),
                     room = aligned(rows * k * in_size) + out_room + tail.room(out_room);
  builder.reserve_sram(2 * weights + kSlots * room);
  int tile = 0;
  std::int64_t chunk = 0;
  for (std::int64_t c = 0; c < n; c += columns, ++chunk) {
    const std::int64_t count = std::min(columns, n - c), at = chunk % 2 * weights;
    std::vector<char> loaded(static_cast<std::size_t>(machine.bpu.cores), 0);
    for (std::int64_t r = 0; r < m; r += rows, ++tile) {
      const auto core = static_cast<std::size_t>(tile % machine.bpu.cores);
      const auto add = [&](Unit unit, Body body) {
        Command command;
        command.unit = unit;
        command.core = static_cast<int>(core);
        command.tile = tile;
        command.body = std::move(body);
        builder.add(std::move(command));
      };
      if (loaded[core] == 0) {
        add(Unit::Load, Transfer{DramBox::contiguous(job.weights + c * k, count * k), at});
        add(Unit::Load, Transfer{DramBox::contiguous(job.entries + c * kRecord, count * kRecord),
                                 at + aligned(columns * k)});
        loaded[core] = 1;
      }
      ConvTile t;
      t.out_channel = c;
      t.out_channels = count;
      t.in_channels = k;
      t.samples = std::min(rows, m - r);
      const std::int64_t slot = 2 * weights + tile / machine.bpu.cores % kSlots * room,
                         out = slot + aligned(rows * k * in_size);
      const DramBox output{job.y, {{r, t.samples, n * out_size}, {c * out_size, count * out_size, 1}}};
      add(Unit::Load, Transfer{DramBox::contiguous(job.x + r * k * in_size, t.samples * k * in_size), slot});
      tail.load(add, output, job.y, out + out_room);
      add(Unit::Mac, Convolve{plan, t, slot, at, at + aligned(columns * k), out});
      tail.apply(add, t.samples * count, out, out + out_room);
      add(Unit::Store, Transfer{output, out});
    }
  }
  return builder.finish();
}

}  // namespace bpusim
