#include "sim/lowering/softmax.h"

#include <algorithm>
#include <stdexcept>

#include "sim/lowering/tile_commands.h"

namespace bpusim {

Program lower_softmax(const std::string& name, const SoftmaxPlan& plan, std::int64_t rows,
                      const SoftmaxRowShape& shape, std::int64_t x, std::int64_t y,
                      const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TileCommands tiles(builder, machine);
  const int index = builder.add_plan(plan);
  const std::int64_t in_size = byte_size(plan.in.dtype), out_size = byte_size(plan.out.dtype),
                     widest = std::max(in_size, out_size);
  // Rows so long that four do not fit take turns in fewer slots.
  std::int64_t slots = 4;
  while (slots > 1 && aligned(shape.elements * widest) * slots > machine.sram.bytes) slots /= 2;
  const std::int64_t most = machine.sram.bytes / slots / 64 * 64 / widest;  // elements
  if (shape.elements > most)
    throw std::invalid_argument("a row of " + std::to_string(shape.elements) +
                                " elements does not fit in the SRAM");
  const std::int64_t limit = std::max(std::min(tile_bytes / widest, most), shape.elements);
  // Neighbouring rows first, as they lie side by side; then blocks of all of them.
  const std::int64_t width = std::min(shape.stride, limit / shape.elements),
                     block = shape.elements * shape.stride;
  const std::int64_t blocks = rows / shape.stride,
                     each = width < shape.stride ? 1 : std::clamp<std::int64_t>(limit / block, 1, blocks);
  const std::int64_t room = aligned(each * shape.elements * width * widest);
  builder.reserve_sram(slots * room);
  for (std::int64_t b = 0; b < blocks; b += each)
    for (std::int64_t first = 0; first < shape.stride; first += width, tiles.next()) {
      const std::int64_t count = std::min(each, blocks - b), wide = std::min(width, shape.stride - first);
      const auto box = [&](std::int64_t address, std::int64_t size) {
        return DramBox{address,
                       {{b, count, block * size},
                        {0, shape.elements, shape.stride * size},
                        {first * size, wide * size, 1}}};
      };
      const std::int64_t slot = tiles.slot(slots) * room;
      tiles.add(Unit::Load, Transfer{box(x, in_size), slot});
      tiles.add(Unit::Vector, SoftmaxRows{index, count * wide, {shape.elements, wide}, slot, slot});
      tiles.add(Unit::Store, Transfer{box(y, out_size), slot});
    }
  return builder.finish();
}

}  // namespace bpusim
