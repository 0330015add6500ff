#include "sim/lowering/elementwise.h"

#include <algorithm>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 4;

// Bytes of an element: of the first and the second operand, and of the result, which replaces the first.
struct ElementBytes {
  std::int64_t a = 1, b = 1, out = 1;
};
ElementBytes bytes_of(const ElementwisePlan& plan) {
  return {byte_size(plan.in[0].dtype), byte_size(plan.in.back().dtype), byte_size(plan.out.dtype)};
}
template <class Plan>
ElementBytes bytes_of(const Plan& plan) {
  return {byte_size(plan.in.dtype), 1, byte_size(plan.out.dtype)};
}

class RowLowering {
 public:
  RowLowering(ProgramBuilder& builder, const ElementwiseJob& job, const MachineParams& machine, int& tile)
      : builder_(builder),
        job_(job),
        machine_(machine),
        tile_(tile),
        plan_(std::visit([&](const auto& plan) { return builder.add_plan(plan); }, job.plan)),
        operands_(static_cast<std::int64_t>(job.in.size())),
        size_(std::visit([](const auto& plan) { return bytes_of(plan); }, job.plan)),
        widest_(std::max({size_.a, operands_ == 2 ? size_.b : 1, size_.out})),
        most_(machine.sram.bytes / (kSlots * operands_ * widest_) / 64 * 64) {}

  void run(std::int64_t tile_bytes);

 private:
  void add(Unit unit, Body body);
  void lower_tile(std::int64_t row, std::int64_t height, std::int64_t column, std::int64_t width);

  ProgramBuilder& builder_;
  const ElementwiseJob& job_;
  const MachineParams& machine_;
  int& tile_;
  const int plan_;
  const std::int64_t operands_;
  const ElementBytes size_;
  const std::int64_t widest_;
  const std::int64_t most_;  // elements that an operand of a tile can have
  std::int64_t room_ = 0;    // bytes that it takes
};

void RowLowering::add(Unit unit, Body body) {
  Command command;
  command.unit = unit;
  command.core = static_cast<int>(tile_ % machine_.bpu.cores);
  command.tile = tile_;
  command.body = std::move(body);
  builder_.add(std::move(command));
}

void RowLowering::lower_tile(std::int64_t row, std::int64_t height, std::int64_t column, std::int64_t width) {
  const std::int64_t slot = tile_ / machine_.bpu.cores % kSlots * operands_ * room_;
  const std::int64_t second = slot + (operands_ - 1) * room_;
  const auto box = [&](const RowView& view, std::int64_t size) {
    return DramBox{view.address, {{row, height, view.stride * size}, {column * size, width * size, 1}}};
  };
  add(Unit::Load, Transfer{box(job_.in[0], size_.a), slot});
  Broadcast broadcast;
  if (operands_ == 2) {
    const RowView& view = job_.in[1];
    DramBox source = box(view, size_.b);
    if (job_.second == Operand::PerRow) {
      source = {view.address, {{row, height, view.stride * size_.b}, {0, size_.b, 1}}};
      broadcast.run = width;
    } else if (job_.second == Operand::PerColumn) {
      source = {view.address, {{column * size_.b, width * size_.b, 1}}};
      broadcast.count = width;
    }
    add(Unit::Load, Transfer{source, second});
  }
  if (std::holds_alternative<LookupPlan>(job_.plan)) {
    add(Unit::Vector, Lookup{plan_, height * width, slot, slot});
  } else if (!job_.moves_only) {
    add(Unit::Vector, Elementwise{plan_, height * width, slot, second, slot, broadcast});
  }
  add(Unit::Store, Transfer{box(job_.out, size_.out), slot});
  ++tile_;
}

void RowLowering::run(std::int64_t tile_bytes) {
  const std::int64_t limit = std::max<std::int64_t>(1, std::min(tile_bytes / widest_, most_));
  const std::int64_t columns = std::min(job_.row_elements, limit);
  const std::int64_t rows = columns < job_.row_elements ? 1 : std::max<std::int64_t>(1, limit / columns);
  room_ = aligned(std::min(rows, job_.rows) * columns * widest_);
  builder_.reserve_sram(kSlots * operands_ * room_);
  for (std::int64_t r = 0; r < job_.rows; r += rows)
    for (std::int64_t c = 0; c < job_.row_elements; c += columns)
      lower_tile(r, std::min(rows, job_.rows - r), c, std::min(columns, job_.row_elements - c));
}

}  // namespace

Program lower_elementwise(const std::string& name, const std::vector<ElementwiseJob>& jobs,
                          const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  int tile = 0;
  for (const ElementwiseJob& job : jobs) RowLowering(builder, job, machine, tile).run(tile_bytes);
  return builder.finish();
}

}  // namespace bpusim
