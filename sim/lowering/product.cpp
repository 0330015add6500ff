#include "sim/lowering/product.h"

#include <algorithm>
#include <stdexcept>

#include "sim/lowering/tile_commands.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 3;

// A matrix [rows][columns] of elements of so many bytes, or one that lies turned round.
struct Matrix {
  std::int64_t address = 0;
  bool turned = false;
  std::int64_t rows = 0, columns = 0, size = 1;

  // Columns [first, first + count).
  DramBox columns_from(std::int64_t first, std::int64_t count) const {
    if (turned) return {address, {{first, count, rows * size}, {0, rows * size, 1}}};
    return {address, {{0, rows, columns * size}, {first * size, count * size, 1}}};
  }
};

}  // namespace

Program lower_product(const std::string& name, const ProductJob& job, const MachineParams& machine,
                      std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TileCommands tiles(builder, machine);
  const std::int64_t m = job.problem.rows, k = job.problem.inner, n = job.problem.columns;
  const std::int64_t a_size = byte_size(job.plan.a.dtype), b_size = byte_size(job.plan.b.dtype),
                     y_size = byte_size(job.plan.out.dtype);
  const int plan = builder.add_plan(job.plan);
  // Columns of the second factor lie in SRAM twice, the next chunk's behind this one's.
  const std::int64_t columns = std::clamp<std::int64_t>(machine.sram.bytes / 4 / (k * b_size), 1, n);
  const std::int64_t chunk_bytes = aligned(columns * k * b_size);
  const std::int64_t most = (machine.sram.bytes - 2 * chunk_bytes) / kSlots,
                     row = k * a_size + columns * y_size;
  if (most < row + 128)
    throw std::invalid_argument("a row and a column of " + std::to_string(k) + " do not fit in the SRAM");
  const std::int64_t rows = std::clamp<std::int64_t>(std::min(tile_bytes, most - 128) / row, 1, m);
  const std::int64_t a_room = aligned(rows * k * a_size), room = a_room + aligned(rows * columns * y_size);
  builder.reserve_sram(2 * chunk_bytes + kSlots * room);
  std::vector<std::int64_t> held(static_cast<std::size_t>(machine.bpu.cores), -1);  // chunk in each core
  std::int64_t chunk = 0;
  for (const ProductProblem::Pair& pair : job.problem.pairs)
    for (std::int64_t c = 0; c < n; c += columns, ++chunk)
      for (std::int64_t r = 0; r < m; r += rows, tiles.next()) {
        const std::int64_t count = std::min(columns, n - c), height = std::min(rows, m - r),
                           at = chunk % 2 * chunk_bytes;
        std::int64_t& there = held[static_cast<std::size_t>(tiles.core())];
        const Matrix second{job.b + pair.b * b_size, job.problem.b_turned, k, n, b_size};
        if (there != chunk) tiles.add(Unit::Load, Transfer{second.columns_from(c, count), at});
        there = chunk;
        const std::int64_t slot = 2 * chunk_bytes + tiles.slot(kSlots) * room, out = slot + a_room;
        // The rows of a are the columns of a turned round.
        const Matrix first{job.a + pair.a * a_size, !job.problem.a_turned, k, m, a_size};
        tiles.add(Unit::Load, Transfer{first.columns_from(r, height), slot});
        tiles.add(Unit::Mac, Multiply{plan, height, count, slot, at, out});
        tiles.add(Unit::Store, Transfer{DramBox{job.y + pair.y * y_size,
                                                {{r, height, n * y_size}, {c * y_size, count * y_size, 1}}},
                                        out});
      }
  return builder.finish();
}

}  // namespace bpusim
