#include "sim/lowering/selection.h"

#include <algorithm>

#include "sim/lowering/tile_commands.h"
#include "sim/lowering/tiling.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 4;

// A box of the output, and where its elements come from.
struct Piece {
  DramBox source, target;
};

// Boxes of bytes that the runs of all axes make, row-major. `fill` has an element for each of the last axis.
std::vector<Piece> pieces_of(const Selection& s, std::int64_t x, std::int64_t y, std::int64_t fill,
                             std::int64_t element_bytes) {
  const std::size_t rank = s.index.size();
  std::vector<std::int64_t> from(rank, element_bytes), to(rank, element_bytes);
  for (std::size_t d = rank; d-- > 1;) {
    from[d - 1] = from[d] * s.input[d];
    to[d - 1] = to[d] * static_cast<std::int64_t>(s.index[d].size());
  }
  std::vector<std::vector<SelectionRun>> chosen = {{}};
  for (const auto& axis : s.index) {
    std::vector<std::vector<SelectionRun>> longer;
    for (const auto& head : chosen)
      for (const SelectionRun& run : runs_of(axis)) {
        longer.push_back(head);
        longer.back().push_back(run);
      }
    chosen = std::move(longer);
  }
  std::vector<Piece> pieces;
  for (const auto& runs : chosen) {
    const bool filled = std::any_of(runs.begin(), runs.end(),
                                    [](const SelectionRun& run) { return run.in == Selection::kFill; });
    Piece piece{{filled ? fill : x, {}}, {y, {}}};
    for (std::size_t d = 0; d < rank; ++d) {
      const std::int64_t stride = filled ? (d + 1 == rank ? element_bytes : 0) : from[d] * runs[d].step;
      if (!filled) piece.source.base += runs[d].in * from[d];
      piece.source.dims.push_back({0, runs[d].count, stride});
      piece.target.dims.push_back({runs[d].out, runs[d].count, to[d]});
    }
    // An element's own bytes.
    piece.source.dims.push_back({0, element_bytes, 1});
    piece.target.dims.push_back({0, element_bytes, 1});
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

// The part of a box that `part` cuts out of it, positions counted from its first.
DramBox within(const DramBox& box, const TileBox& part) {
  DramBox result = box;
  for (std::size_t d = 0; d < box.dims.size(); ++d) {
    result.dims[d].begin += part.begin[d];
    result.dims[d].count = part.count[d];
  }
  return result;
}

// Whole inner dimensions, as many as fit, then a share of the next.
std::vector<std::int64_t> steps_of(const TileBox& box, std::int64_t limit) {
  std::vector<std::int64_t> step(box.count.size(), 1);
  std::int64_t elements = 1;
  for (std::size_t d = box.count.size(); d-- > 0;) {
    step[d] = std::clamp<std::int64_t>(limit / elements, 1, box.count[d]);
    elements *= step[d];
    if (step[d] < box.count[d]) break;
  }
  return step;
}

}  // namespace

Program lower_selection(const std::string& name, const Selection& selection, std::int64_t x, std::int64_t y,
                        std::int64_t fill, std::int64_t element_bytes, const MachineParams& machine,
                        std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TileCommands tiles(builder, machine);
  const std::int64_t most = machine.sram.bytes / kSlots / 64 * 64;
  const std::int64_t limit = std::max(element_bytes, std::min(most, tile_bytes));
  builder.reserve_sram(kSlots * aligned(limit));
  for (const Piece& piece : pieces_of(selection, x, y, fill, element_bytes)) {
    TileBox whole;
    for (const DramBox::Dim& dim : piece.target.dims) {
      whole.begin.push_back(0);
      whole.count.push_back(dim.count);
    }
    for (const TileBox& part : cut(whole, steps_of(whole, limit))) {
      const std::int64_t slot = tiles.slot(kSlots) * aligned(limit);
      tiles.add(Unit::Load, Transfer{within(piece.source, part), slot});
      tiles.add(Unit::Store, Transfer{within(piece.target, part), slot});
      tiles.next();
    }
  }
  return builder.finish();
}

}  // namespace bpusim
