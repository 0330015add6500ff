#include "sim/lowering/norm.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"
#include "sim/lowering/tiling.h"

namespace bpusim {

namespace {

// What one tile takes: codes (normalised in place), and its slice of the affine table where that is not held
// whole.
struct TileBytes {
  std::int64_t codes = 0, entries = 0;
  std::int64_t total() const { return codes + entries; }
};

class Lowering {
 public:
  Lowering(ProgramBuilder& builder, const NormJob& job, const MachineParams& machine, std::int64_t tile_bytes,
           Unit reducer)
      : builder_(builder),
        job_(job),
        part_(*job.part),
        machine_(machine),
        tile_bytes_(tile_bytes),
        reducer_(reducer),
        plan_(builder.add_plan(job.plan)),
        given_(part_.statistic == Statistic::Given),
        table_held_(part_.affine_count() * kRecordBytes <= machine.sram.bytes / 4) {}

  void resident();
  void streaming();
  void split();

  /// SRAM that is left for tiles when blocks of `sets` sets are under way.
  std::int64_t room(std::int64_t sets) const {
    const std::int64_t table = table_held_ ? aligned(part_.affine_count() * kRecordBytes) : 0;
    return machine_.sram.bytes - table - kStatisticSlots * 2 * aligned(sets * kRecordBytes);
  }
  TileBytes bytes_of(const TileBox& box) const {
    return {aligned(box.elements() * element_bytes()),
            table_held_ ? 0 : aligned(entries_of(part_, box).count * kRecordBytes)};
  }
  /// A set as blocks see it at least.
  TileBox smallest_block() const { return cut(whole_view(part_), block_steps(part_, 1)).front(); }

 private:
  static constexpr std::int64_t kStatisticSlots = 4;  // sums and scales of blocks under way

  struct Slots {
    std::int64_t base = 0, stride = 0, count = 1;
    std::int64_t at(std::int64_t i) const { return base + i % count * stride; }
  };

  // Elements a run where neighbours belong to different sets: long enough for DRAM, and no more than leaves
  // the statistics (sums, partial sums and scales of kStatisticSlots blocks) a quarter of the SRAM.
  std::int64_t side_by_side() const {
    return std::clamp<std::int64_t>(machine_.sram.bytes / (4 * kStatisticSlots * 4 * kRecordBytes), 1, 1024);
  }
  int in_bytes() const { return byte_size(job_.plan.in.dtype); }
  int out_bytes() const { return byte_size(job_.plan.out.dtype); }
  int element_bytes() const { return std::max(in_bytes(), out_bytes()); }  // results replace codes
  int cores() const { return static_cast<int>(machine_.bpu.cores); }
  std::int64_t sets_of(const TileBox& block) const { return given_ ? 0 : tile_of(part_, block).set_count(); }
  std::int64_t sums_at(std::int64_t block) const {
    return statistics_ + block % kStatisticSlots * 2 * statistics_bytes_;
  }
  std::int64_t scales_at(std::int64_t block) const { return sums_at(block) + statistics_bytes_; }

  Slots lay_out(std::int64_t most_sets, TileBytes largest, std::int64_t tiles);
  TileBytes largest_chunk(const std::vector<TileBox>& blocks, std::int64_t limit) const;
  std::int64_t chunk_limit(const std::vector<TileBox>& blocks, std::int64_t most, std::int64_t sets) const;
  std::int64_t fitting(std::vector<std::int64_t> (*steps)(const NormPart&, std::int64_t)) const;
  void load_table(int core);
  void load(const TileBox& box, int core, std::int64_t slot);
  void reduce(const TileBox& box, int core, std::int64_t slot, std::int64_t sums, bool accumulate);
  void finalise(int core, std::int64_t block, const TileBox& box);
  void apply(const TileBox& box, int core, std::int64_t slot, std::int64_t scales);
  void store(const TileBox& box, int core, std::int64_t slot);
  void add(Unit unit, int core, Body body);

  ProgramBuilder& builder_;
  const NormJob& job_;
  const NormPart& part_;
  const MachineParams& machine_;
  const std::int64_t tile_bytes_;
  const Unit reducer_;
  const int plan_;
  const bool given_;
  const bool table_held_;
  std::int64_t statistics_ = 0, statistics_bytes_ = 0;
  std::int64_t slice_offset_ = 0;  // of the affine slice within a slot
  std::vector<char> table_loaded_;
  int tile_ = 0;
};

// The affine table lies first, then statistics, then as many slots for tiles as fit, up to four: one loading,
// one reduced, one applied, one stored. Slots start at bank boundaries where there is room for it, so that
// the DMA and the engines meet on a bank only where tiles are larger than a bank.
Lowering::Slots Lowering::lay_out(std::int64_t most_sets, TileBytes largest, std::int64_t tiles) {
  statistics_ = table_held_ ? aligned(part_.affine_count() * kRecordBytes) : 0;
  statistics_bytes_ = aligned(most_sets * kRecordBytes);
  slice_offset_ = largest.codes;
  Slots slots;
  slots.base = statistics_ + kStatisticSlots * 2 * statistics_bytes_;
  slots.stride = largest.total();
  const std::int64_t bank = aligned(machine_.sram.bytes / machine_.sram.banks);
  const std::int64_t wanted = std::min<std::int64_t>(4, tiles);
  if (machine_.sram.interleave_bytes == 0) {
    const std::int64_t base = round_up(slots.base, bank);
    const std::int64_t stride = round_up(slots.stride, bank);
    if (base + wanted * stride <= machine_.sram.bytes) {
      slots.base = base;
      slots.stride = stride;
    }
  }
  slots.count =
      std::min(wanted, (machine_.sram.bytes - slots.base) / std::max<std::int64_t>(slots.stride, 1));
  if (slots.count < 1)
    throw std::invalid_argument("a tile of " + std::to_string(largest.total()) +
                                " bytes does not fit in the SRAM beside its statistics");
  builder_.reserve_sram(slots.at(slots.count - 1) + largest.total());
  table_loaded_.assign(static_cast<std::size_t>(cores()), 0);
  return slots;
}

void Lowering::add(Unit unit, int core, Body body) {
  Command command;
  command.unit = unit;
  command.core = core;
  command.tile = tile_;
  const bool load = unit == Unit::Load;
  if (load || unit == Unit::Store) {
    const std::int64_t channels = load ? machine_.dma.load_channels : machine_.dma.store_channels;
    command.channel = static_cast<int>(tile_ / cores() % channels);
  }
  command.body = std::move(body);
  builder_.add(std::move(command));
}

void Lowering::load_table(int core) {
  if (!table_held_ || table_loaded_[static_cast<std::size_t>(core)] != 0) return;
  table_loaded_[static_cast<std::size_t>(core)] = 1;
  add(Unit::Load, core, Transfer{DramBox::contiguous(job_.entries, part_.affine_count() * kRecordBytes), 0});
}

void Lowering::load(const TileBox& box, int core, std::int64_t slot) {
  add(Unit::Load, core, Transfer{dram_of(part_, box, job_.x, in_bytes()), slot});
}

void Lowering::reduce(const TileBox& box, int core, std::int64_t slot, std::int64_t sums, bool accumulate) {
  add(reducer_, core, Reduce{plan_, tile_of(part_, box), slot, sums, accumulate});
}

// Sums leave the BPU where somebody needs the statistics. Only norms whose sets follow each other in one
// dimension ask for that.
void Lowering::finalise(int core, std::int64_t block, const TileBox& box) {
  const std::int64_t sets = sets_of(box);
  if (job_.sums >= 0) {
    std::int64_t first = 0;
    for (std::size_t d = 0; d < part_.dims.size(); ++d)
      if (!part_.dims[d].in_set) first = first * part_.dims[d].extent + box.begin[d];
    add(Unit::Store, core,
        Transfer{DramBox::contiguous(job_.sums + first * kRecordBytes, sets * kRecordBytes), sums_at(block)});
  }

  add(Unit::SpecialFunction, core, Finalise{plan_, sums_at(block), scales_at(block), sets});
}

void Lowering::apply(const TileBox& box, int core, std::int64_t slot, std::int64_t scales) {
  const EntryRange range = entries_of(part_, box);
  std::int64_t entries = range.first * kRecordBytes;
  if (table_held_) {
    load_table(core);
  } else {
    entries = slot + slice_offset_;
    add(Unit::Load, core,
        Transfer{DramBox::contiguous(job_.entries + range.first * kRecordBytes, range.count * kRecordBytes),
                 entries});
  }
  add(Unit::Vector, core, Apply{plan_, tile_of(part_, box), slot, scales, entries, slot, range.count});
}

void Lowering::store(const TileBox& box, int core, std::int64_t slot) {
  add(Unit::Store, core, Transfer{dram_of(part_, box, job_.y, out_bytes()), slot});
}

// The largest limit of elements, from the wanted tile size down, whose first tile fits four times; down to a
// single time where even the smallest does not.
std::int64_t Lowering::fitting(std::vector<std::int64_t> (*steps)(const NormPart&, std::int64_t)) const {
  std::int64_t limit = std::max<std::int64_t>(tile_bytes_ / element_bytes(), 1);
  for (;; limit = std::max<std::int64_t>(limit / 2, 1)) {
    const TileBox first = cut(whole_view(part_), steps(part_, limit)).front();
    if (4 * bytes_of(first).total() <= room(sets_of(first)) || limit == 1) return limit;
  }
}

// A block at an end of the tensor has fewer sets, and its chunks may be larger than those of a whole one.
TileBytes Lowering::largest_chunk(const std::vector<TileBox>& blocks, std::int64_t limit) const {
  TileBytes largest;
  std::set<std::vector<std::int64_t>> seen;
  for (const TileBox& block : blocks) {
    if (!seen.insert(block.count).second) continue;
    const TileBytes bytes = bytes_of(cut(block, chunk_steps(part_, block, limit)).front());
    largest = {std::max(largest.codes, bytes.codes), std::max(largest.entries, bytes.entries)};
  }
  return largest;
}

// The largest limit of elements, from `most` down, whose chunks fit four times beside statistics of `sets`.
std::int64_t Lowering::chunk_limit(const std::vector<TileBox>& blocks, std::int64_t most,
                                   std::int64_t sets) const {
  while (most > 1 && 4 * largest_chunk(blocks, most).total() > room(sets)) most /= 2;
  return most;
}

void Lowering::resident() {
  const auto blocks = cut(whole_view(part_), block_steps(part_, fitting(&block_steps)));
  const auto count = static_cast<std::int64_t>(blocks.size());
  const Slots slots =
      lay_out(sets_of(blocks.front()), bytes_of(blocks.front()), (count + cores() - 1) / cores());
  for (std::int64_t b = 0; b < count; ++b, ++tile_) {
    const TileBox& block = blocks[static_cast<std::size_t>(b)];
    const int core = static_cast<int>(b % cores());
    const std::int64_t round = b / cores(), slot = slots.at(round);
    load(block, core, slot);
    if (!given_) {
      reduce(block, core, slot, sums_at(round), false);
      finalise(core, round, block);
    }
    apply(block, core, slot, scales_at(round));
    store(block, core, slot);
  }
}

void Lowering::streaming() {
  const auto blocks = cut(whole_view(part_), narrow_block_steps(part_, side_by_side()));
  const TileBox& first = blocks.front();
  const std::int64_t limit =
      chunk_limit(blocks, std::max<std::int64_t>(tile_bytes_ / element_bytes(), 1), sets_of(first));
  const Slots slots = lay_out(sets_of(first), largest_chunk(blocks, limit), 4);
  std::vector<std::int64_t> next(static_cast<std::size_t>(cores()), 0);  // slots used so far, per core
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const int core = static_cast<int>(b % static_cast<std::size_t>(cores()));
    const std::int64_t round = static_cast<std::int64_t>(b) / cores();
    std::int64_t& slot = next[static_cast<std::size_t>(core)];
    const auto chunks = cut(blocks[b], chunk_steps(part_, blocks[b], limit));
    for (std::size_t c = 0; c < chunks.size() && !given_; ++c, ++slot, ++tile_) {
      load(chunks[c], core, slots.at(slot));
      reduce(chunks[c], core, slots.at(slot), sums_at(round), c > 0);
    }
    if (!given_) finalise(core, round, blocks[b]);
    for (const TileBox& piece : chunks) {
      load(piece, core, slots.at(slot));
      apply(piece, core, slots.at(slot), scales_at(round));
      store(piece, core, slots.at(slot));
      ++slot;
      ++tile_;
    }
  }
}

// Chunks go round the cores. Each core sums its own, and adds up what the others found: the same integers in
// any order. Chunks stay where they are if all of a core's share of a block fits; otherwise they pass twice.
void Lowering::split() {
  const auto blocks = cut(whole_view(part_), narrow_block_steps(part_, side_by_side()));
  const TileBox& first = blocks.front();
  const std::int64_t even = (first.elements() + cores() - 1) / cores();
  const auto most_sets = sets_of(first);
  const std::int64_t limit =
      chunk_limit(blocks, std::clamp<std::int64_t>(tile_bytes_ / element_bytes(), 1, even), 2 * most_sets);
  std::int64_t most_chunks = 0;
  for (const TileBox& block : blocks)
    most_chunks =
        std::max(most_chunks, static_cast<std::int64_t>(cut(block, chunk_steps(part_, block, limit)).size()));
  const std::int64_t share = (most_chunks + cores() - 1) / cores();
  // Partial sums need their own place beside the combined ones: twice the statistics.
  const TileBytes largest = largest_chunk(blocks, limit);
  const Slots all = lay_out(2 * most_sets, largest, 4);
  Slots slots = all;
  const std::int64_t tile = largest.total();
  const bool stays = slots.base + share * tile <= machine_.sram.bytes;
  if (stays) {
    slots.stride = std::min(
        slots.stride, std::max(tile, (machine_.sram.bytes - slots.base) / share / kAlignBytes * kAlignBytes));
    slots.count = std::max(share, (machine_.sram.bytes - slots.base) / slots.stride);
    builder_.reserve_sram(slots.at(slots.count - 1) + tile);
  }
  std::vector<std::int64_t> next(static_cast<std::size_t>(cores()), 0);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const auto block = static_cast<std::int64_t>(b);
    const std::int64_t sets = sets_of(blocks[b]), partial = sums_at(block) + sets * kRecordBytes;
    const auto chunks = cut(blocks[b], chunk_steps(part_, blocks[b], limit));
    std::vector<std::int64_t> held(chunks.size());
    for (std::size_t c = 0; c < chunks.size(); ++c, ++tile_) {
      const int core = static_cast<int>(c % static_cast<std::size_t>(cores()));
      held[c] = slots.at(next[static_cast<std::size_t>(core)]++);
      load(chunks[c], core, held[c]);
      reduce(chunks[c], core, held[c], partial, c >= static_cast<std::size_t>(cores()));
    }
    const int busy = std::min(cores(), static_cast<int>(chunks.size()));
    for (int core = 0; core < busy; ++core) {
      Combine combine{{}, sums_at(block), sets};
      for (int other = 0; other < busy; ++other) combine.parts.push_back({other, partial});
      add(Unit::Vector, core, std::move(combine));
      finalise(core, block, blocks[b]);
    }
    for (std::size_t c = 0; c < chunks.size(); ++c, ++tile_) {
      const int core = static_cast<int>(c % static_cast<std::size_t>(cores()));
      if (!stays) {
        held[c] = slots.at(next[static_cast<std::size_t>(core)]++);
        load(chunks[c], core, held[c]);
      }
      apply(chunks[c], core, held[c], scales_at(block));
      store(chunks[c], core, held[c]);
    }
  }
}

Lowering probe(ProgramBuilder& builder, const NormJob& job, const MachineParams& machine) {
  return {builder, job, machine, 1, Unit::Reduction};
}

bool set_fits(const NormJob& job, const MachineParams& machine) {
  ProgramBuilder builder("");
  const Lowering lowering = probe(builder, job, machine);
  const TileBox block = lowering.smallest_block();
  return lowering.bytes_of(block).total() <= lowering.room(tile_of(*job.part, block).set_count());
}

}  // namespace

std::string obstacle(Mapping mapping, const NormJob& job, const MachineParams& machine) {
  const bool given = job.part->statistic == Statistic::Given;
  switch (mapping) {
    case Mapping::Resident:
      if (!given && !set_fits(job, machine))
        return "a set of " + std::to_string(job.part->set_size()) + " elements does not fit in " +
               std::to_string(machine.sram.bytes) + " bytes of SRAM (sram.bytes)";
      return "";
    case Mapping::Split:
      return given ? "given statistics need no sums to combine" : "";
    case Mapping::MacArray:
      if (given) return "given statistics need no sums";
      if (sums_magnitudes(job.plan.statistic)) return "magnitudes are no product";
      if (job.plan.in.dtype == DType::Int16) return "the array squares int8 codes only";
      return "";
    case Mapping::Streaming:
      return given ? "given statistics need no second pass: resident tiles stream already" : "";
    case Mapping::Decomposed:
    case Mapping::Host:
      return "";
  }
  throw std::logic_error("obstacle: unknown Mapping");
}

Program lower_norm(const std::string& name, const std::vector<NormJob>& jobs, Mapping mapping,
                   const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  for (const NormJob& job : jobs) {
    // A composite operator's parts may differ: BatchNorm beside InstanceNorm has no sums to split or stream.
    const bool given = job.part->statistic == Statistic::Given;
    const std::string why = given ? "" : obstacle(mapping, job, machine);
    if (!why.empty()) throw std::invalid_argument(name + ": mapping " + to_string(mapping) + ": " + why);
    Lowering lowering(builder, job, machine, tile_bytes,
                      mapping == Mapping::MacArray ? Unit::Mac : Unit::Reduction);
    if (given || mapping == Mapping::Resident || (mapping == Mapping::MacArray && set_fits(job, machine))) {
      lowering.resident();
    } else if (mapping == Mapping::Split) {
      lowering.split();
    } else if (mapping == Mapping::Streaming || mapping == Mapping::MacArray) {
      lowering.streaming();
    } else {
      throw std::logic_error("lower_norm: " + std::string(to_string(mapping)) + " has its own lowering");
    }
  }
  return builder.finish();
}

}  // namespace bpusim
