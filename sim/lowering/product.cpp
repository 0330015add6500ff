#include "sim/lowering/product.h"

#include <algorithm>
#include <stdexcept>

#include "sim/lowering/tile_commands.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 3;

// Columns [first, first + count) of a matrix [rows][columns], or of one that lies turned round.
DramBox columns_of(std::int64_t address, bool turned, std::int64_t rows, std::int64_t columns,
                   std::int64_t first, std::int64_t count) {
  if (turned) return {address, {{first, count, rows}, {0, rows, 1}}};
  return {address, {{0, rows, columns}, {first, count, 1}}};
}

}  // namespace

Program lower_product(const std::string& name, const ProductJob& job, const MachineParams& machine,
                      std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TileCommands tiles(builder, machine);
  const std::int64_t m = job.problem.rows, k = job.problem.inner, n = job.problem.columns;
  const int plan = builder.add_plan(job.plan);
  // Columns of the second factor lie in SRAM twice, the next chunk's behind this one's.
  const std::int64_t columns = std::clamp<std::int64_t>(machine.sram.bytes / 4 / k, 1, n);
  const std::int64_t chunk_bytes = aligned(columns * k);
  const std::int64_t most = (machine.sram.bytes - 2 * chunk_bytes) / kSlots, row = k + columns;
  if (most < row + 128)
    throw std::invalid_argument("a row and a column of " + std::to_string(k) + " do not fit in the SRAM");
  const std::int64_t rows = std::clamp<std::int64_t>(std::min(tile_bytes, most - 128) / row, 1, m);
  const std::int64_t room = aligned(rows * k) + aligned(rows * columns);
  builder.reserve_sram(2 * chunk_bytes + kSlots * room);
  std::vector<std::int64_t> held(static_cast<std::size_t>(machine.bpu.cores), -1);  // chunk in each core
  std::int64_t chunk = 0;
  for (const ProductProblem::Pair& pair : job.problem.pairs)
    for (std::int64_t c = 0; c < n; c += columns, ++chunk)
      for (std::int64_t r = 0; r < m; r += rows, tiles.next()) {
        const std::int64_t count = std::min(columns, n - c), height = std::min(rows, m - r),
                           at = chunk % 2 * chunk_bytes;
        std::int64_t& there = held[static_cast<std::size_t>(tiles.core())];
        if (there != chunk)
          tiles.add(Unit::Load,
                    Transfer{columns_of(job.b + pair.b, job.problem.b_turned, k, n, c, count), at});
        there = chunk;
        const std::int64_t slot = 2 * chunk_bytes + tiles.slot(kSlots) * room, out = slot + aligned(rows * k);
        // The rows of a are the columns of a turned round.
        tiles.add(Unit::Load,
                  Transfer{columns_of(job.a + pair.a, !job.problem.a_turned, k, m, r, height), slot});
        tiles.add(Unit::Mac, Multiply{plan, height, count, slot, at, out});
        tiles.add(Unit::Store, Transfer{DramBox{job.y + pair.y, {{r, height, n}, {c, count, 1}}}, out});
      }
  return builder.finish();
}

}  // namespace bpusim
