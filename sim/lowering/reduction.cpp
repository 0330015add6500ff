#include "sim/lowering/reduction.h"

#include <algorithm>
#include <stdexcept>

#include "sim/lowering/tile_commands.h"
#include "sim/lowering/tiling.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 3;         // codes under way
constexpr std::int64_t kResults = 2;       // blocks whose results are under way
constexpr std::int64_t kNeighbours = 256;  // sets side by side that are summed in chunks
constexpr auto kPartial = static_cast<std::int64_t>(sizeof(Partial));

std::int64_t product(const std::vector<std::int64_t>& steps) {
  std::int64_t total = 1;
  for (const std::int64_t s : steps) total *= s;
  return total;
}

// Where the results of a block's sets go.
DramBox results_of(const NormPart& part, const TileBox& box, std::int64_t y, std::int64_t size) {
  DramBox out{y, {{0, size, 1}}};
  std::int64_t stride = size;
  for (std::size_t d = part.dims.size(); d-- > 0;) {
    if (part.dims[d].in_set) continue;
    out.dims.insert(out.dims.begin(), {box.begin[d], box.count[d], stride});
    stride *= part.dims[d].extent;
  }
  return out;
}

// How blocks of sets and chunks of them are cut, with the most elements and sets of one.
struct Cuts {
  std::vector<std::int64_t> block;
  bool chunked = false;
  std::int64_t limit = 0, sets = 1;
};

Cuts cuts_of(const ReductionJob& job, const MachineParams& machine, std::int64_t tile_bytes) {
  const NormPart& part = job.part;
  const std::int64_t set = part.set_size(), spare = machine.sram.bytes - 1024,
                     code = byte_size(job.plan.in.dtype), results = kPartial + byte_size(job.plan.out.dtype);
  Cuts cuts;
  // Codes in their slots, and a partial and a result a set.
  const auto fits = static_cast<std::int64_t>(
      static_cast<double>(spare) / (static_cast<double>(kSlots * code) +
                                    static_cast<double>(results * kResults) / static_cast<double>(set)));
  cuts.limit = std::min(tile_bytes / code, fits);
  cuts.chunked = set > cuts.limit;
  if (cuts.chunked) {
    cuts.block = narrow_block_steps(part, kNeighbours);
    cuts.limit = std::min(tile_bytes, (spare - results * kResults * kNeighbours) / kSlots) / code;
  } else {
    cuts.block = block_steps(part, cuts.limit);
  }
  for (std::size_t d = 0; d < part.dims.size(); ++d)
    if (!part.dims[d].in_set) cuts.sets *= cuts.block[d];
  if (cuts.limit < 64 || cuts.limit < (cuts.chunked ? cuts.sets : product(cuts.block)))
    throw std::invalid_argument("sets of " + std::to_string(set) + " elements do not fit in the SRAM");
  return cuts;
}

}  // namespace

Program lower_reduction(const std::string& name, const ReductionJob& job, const MachineParams& machine,
                        std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TileCommands tiles(builder, machine);
  const NormPart& part = job.part;
  const int plan = builder.add_plan(job.plan);
  const Cuts cuts = cuts_of(job, machine, tile_bytes);
  const int code = byte_size(job.plan.in.dtype), result = byte_size(job.plan.out.dtype);
  const std::int64_t room = aligned(cuts.limit * code), partial_room = aligned(cuts.sets * kPartial),
                     result_room = partial_room + aligned(cuts.sets * result);
  builder.reserve_sram(kSlots * room + kResults * result_room);
  const Unit finisher = job.plan.kind == ReductionKind::L2 ? Unit::SpecialFunction : Unit::Vector;
  std::vector<std::int64_t> used(static_cast<std::size_t>(machine.bpu.cores), 0);
  for (const TileBox& block : cut(whole_view(part), cuts.block)) {
    const std::int64_t partials = kSlots * room + tiles.slot(kResults) * result_room;
    bool accumulate = false;
    std::int64_t sets = 1;
    for (const TileBox& chunk :
         cut(block, cuts.chunked ? chunk_steps(part, block, cuts.limit) : block.count)) {
      const std::int64_t slot = used[static_cast<std::size_t>(tiles.core())]++ % kSlots * room;
      const NormTile tile = tile_of(part, chunk);
      sets = tile.set_count();
      tiles.add(Unit::Load, Transfer{dram_of(part, chunk, job.x, code), slot});
      tiles.add(Unit::Reduction, ReduceCodes{plan, tile, slot, partials, accumulate});
      accumulate = true;
    }
    tiles.add(finisher, FinishReduction{plan, sets, partials, partials + partial_room});
    tiles.add(Unit::Store, Transfer{results_of(part, block, job.y, result), partials + partial_room});
    tiles.next();
  }
  return builder.finish();
}

}  // namespace bpusim
