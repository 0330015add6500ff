#include "sim/lowering/interleave.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 4;

// A piece beside the whole tensor.
struct Piece {
  int plan = 0;
  bool moves_only = false;
  std::int64_t address = 0;  // of the piece alone, dense
  std::int64_t row_elements = 0;
  std::int64_t bytes = 1;  // of an element
  std::int64_t begin = 0;  // bytes, in a row of the whole
};

std::int64_t widest_of(const std::vector<ElementwiseJob>& pieces) {
  std::int64_t widest = 1;
  for (const ElementwiseJob& job : pieces) {
    const auto& plan = std::get<ElementwisePlan>(job.plan);
    widest = std::max<std::int64_t>({widest, byte_size(plan.in[0].dtype), byte_size(plan.out.dtype)});
  }
  return widest;
}

class Interleaving {
 public:
  Interleaving(ProgramBuilder& builder, const std::vector<ElementwiseJob>& jobs, const WholeRows& whole,
               const MachineParams& machine)
      : builder_(builder), whole_(whole), machine_(machine), widest_(widest_of(jobs)) {
    for (const ElementwiseJob& job : jobs) {
      const auto& plan = std::get<ElementwisePlan>(job.plan);
      const RowView &alone = whole.split ? job.out : job.in[0], &inside = whole.split ? job.in[0] : job.out;
      const int in = byte_size(plan.in[0].dtype), out = byte_size(plan.out.dtype);
      whole_bytes_ = whole.split ? in : out;
      pieces_.push_back({builder.add_plan(plan), job.moves_only, alone.address, job.row_elements,
                         whole.split ? out : in, inside.address - whole.address});
    }
  }

  void run(std::int64_t rows, std::int64_t tile_bytes) {
    // Of a row: the whole one, and its pieces, each from an aligned address on.
    const std::int64_t most = machine_.sram.bytes / kSlots / 2 - aligned(1) * (piece_count() + 1);
    const std::int64_t row = whole_.row_elements * widest_;
    if (row > most)
      throw std::invalid_argument("rows of " + std::to_string(row) + " bytes do not fit in SRAM");
    const std::int64_t height = std::min(rows, std::max<std::int64_t>(1, std::min(most, tile_bytes) / row));
    room_ = room_of(height);
    builder_.reserve_sram(kSlots * room_);
    for (std::int64_t first = 0; first < rows; first += height)
      lower_tile(first, std::min(height, rows - first));
  }

 private:
  std::int64_t piece_count() const { return static_cast<std::int64_t>(pieces_.size()); }
  std::int64_t piece_room(const Piece& piece, std::int64_t height) const {
    return aligned(height * piece.row_elements * widest_);
  }
  std::int64_t room_of(std::int64_t height) const {
    std::int64_t room = aligned(height * whole_.row_elements * widest_);
    for (const Piece& piece : pieces_) room += piece_room(piece, height);
    return room;
  }

  void add(Unit unit, Body body) {
    Command command;
    command.unit = unit;
    command.core = core();
    command.tile = tile_;
    command.body = std::move(body);
    builder_.add(std::move(command));
  }
  int core() const { return static_cast<int>(tile_ % machine_.bpu.cores); }

  void lower_tile(std::int64_t first, std::int64_t height) {
    const std::int64_t slot = tile_ / machine_.bpu.cores % kSlots * room_;
    const std::int64_t row_bytes = whole_.row_elements * whole_bytes_;
    const Transfer all{DramBox::contiguous(whole_.address + first * row_bytes, height * row_bytes), slot};
    if (whole_.split) add(Unit::Load, all);
    std::int64_t at = slot + aligned(height * whole_.row_elements * widest_);
    for (const Piece& piece : pieces_) {
      const std::int64_t bytes = piece.row_elements * piece.bytes;
      const Transfer alone{DramBox::contiguous(piece.address + first * bytes, height * bytes), at};
      const Transfer within{{sram_window(core(), slot),
                             {{0, height, row_bytes}, {piece.begin, piece.row_elements * whole_bytes_, 1}}},
                            at,
                            true};
      add(Unit::Load, whole_.split ? within : alone);
      if (!piece.moves_only)
        add(Unit::Vector, Elementwise{piece.plan, height * piece.row_elements, at, at, at, {}});
      add(Unit::Store, whole_.split ? alone : within);
      at += piece_room(piece, height);
    }
    if (!whole_.split) add(Unit::Store, all);
    ++tile_;
  }

  ProgramBuilder& builder_;
  const WholeRows& whole_;
  const MachineParams& machine_;
  const std::int64_t widest_;
  std::int64_t whole_bytes_ = 1;  // of an element
  std::vector<Piece> pieces_;
  std::int64_t room_ = 0;  // bytes of a slot
  int tile_ = 0;
};

}  // namespace

bool worth_interleaving(const std::vector<ElementwiseJob>& pieces, const WholeRows& whole,
                        const MachineParams& machine) {
  const std::int64_t burst = machine.dram.bus_bits / 8 * machine.dram.burst_length;
  const std::int64_t widest = widest_of(pieces);
  // As run() has it, in the half of the SRAM that a step takes first.
  const std::int64_t most =
      machine.sram.bytes / 2 / kSlots / 2 - aligned(1) * (static_cast<std::int64_t>(pieces.size()) + 1);
  return whole.address < kSramWindow && whole.row_elements * widest <= most &&
         std::any_of(pieces.begin(), pieces.end(), [&](const ElementwiseJob& piece) {
           return piece.rows > 1 && piece.row_elements * widest < burst;
         });
}

Program lower_interleaved(const std::string& name, const std::vector<ElementwiseJob>& pieces,
                          const WholeRows& whole, const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  Interleaving(builder, pieces, whole, machine).run(pieces.at(0).rows, tile_bytes);
  return builder.finish();
}

}  // namespace bpusim
