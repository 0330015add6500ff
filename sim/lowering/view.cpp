#include "sim/lowering/view.h"

#include <algorithm>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"
#include "sim/lowering/tiling.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 4;

// Whole inner dimensions, as many as fit, then a share of the next: a piece that is contiguous in the output.
std::vector<std::int64_t> steps_of(const View& view, std::int64_t limit) {
  std::vector<std::int64_t> step(view.dims.size(), 1);
  std::int64_t elements = 1;
  for (std::size_t d = view.dims.size(); d-- > 0;) {
    step[d] = std::clamp<std::int64_t>(limit / elements, 1, view.dims[d].count);
    elements *= step[d];
    if (step[d] < view.dims[d].count) break;
  }
  return step;
}

}  // namespace

Program lower_view(const std::string& name, const View& view, std::int64_t x, std::int64_t y,
                   std::int64_t element_bytes, const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  const std::int64_t most = machine.sram.bytes / kSlots / 64 * 64;
  const std::int64_t limit = std::max<std::int64_t>(1, std::min(most, tile_bytes) / element_bytes);
  const std::int64_t room = aligned(limit * element_bytes);
  builder.reserve_sram(kSlots * room);
  TileBox whole;
  for (const View::Dim& dim : view.dims) {
    whole.begin.push_back(0);
    whole.count.push_back(dim.count);
  }
  if (whole.begin.empty()) whole = {{0}, {1}};
  std::int64_t done = 0;
  int tile = 0;
  for (const TileBox& box :
       cut(whole, view.dims.empty() ? std::vector<std::int64_t>{1} : steps_of(view, limit))) {
    DramBox source{x + view.offset * element_bytes, {}};
    for (std::size_t d = 0; d < view.dims.size(); ++d)
      source.dims.push_back({box.begin[d], box.count[d], view.dims[d].stride * element_bytes});
    source.dims.push_back({0, element_bytes, 1});
    const std::int64_t bytes = box.elements() * element_bytes;
    for (const Unit unit : {Unit::Load, Unit::Store}) {
      Command command;
      command.unit = unit;
      command.core = static_cast<int>(tile % machine.bpu.cores);
      command.tile = tile;
      command.body = Transfer{unit == Unit::Load ? source : DramBox::contiguous(y + done, bytes),
                              tile / machine.bpu.cores % kSlots * room};
      builder.add(std::move(command));
    }
    done += bytes;
    ++tile;
  }
  return builder.finish();
}

}  // namespace bpusim
