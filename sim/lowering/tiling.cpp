#include "sim/lowering/tiling.h"

#include <algorithm>

#include "kernels/units.h"

namespace bpusim {

namespace {

// The largest step up to `most` that cuts the extent into equal shares, or nearly.
std::int64_t even_step(std::int64_t extent, std::int64_t most) {
  const std::int64_t step = std::clamp<std::int64_t>(most, 1, extent);
  return ceil_div(extent, ceil_div(extent, step));
}

// Grows the chosen dimensions from the inside out until `limit` elements are reached. Once one is not whole,
// those outside it stay as they are, so that a box stays as contiguous as it can.
template <class Chosen>
void grow(const std::vector<std::int64_t>& extents, std::int64_t limit, std::vector<std::int64_t>& step,
          Chosen&& chosen) {
  std::int64_t elements = 1;
  for (const std::int64_t s : step) elements *= s;
  for (std::size_t d = extents.size(); d-- > 0;) {
    if (!chosen(d)) continue;
    step[d] = even_step(extents[d], limit / elements);
    elements *= step[d];
    if (step[d] < extents[d]) return;
  }
}

bool in_set(const NormPart& part, std::size_t d) {
  return part.statistic != Statistic::Given && part.dims[d].in_set;
}

}  // namespace

std::int64_t TileBox::elements() const {
  std::int64_t total = 1;
  for (const std::int64_t c : count) total *= c;
  return total;
}

TileBox whole_view(const NormPart& part) {
  TileBox box;
  for (const NormDim& dim : part.dims) {
    box.begin.push_back(0);
    box.count.push_back(dim.extent);
  }
  return box;
}

std::vector<TileBox> cut(const TileBox& box, const std::vector<std::int64_t>& step) {
  std::vector<TileBox> pieces;
  TileBox piece = box;
  const std::size_t rank = box.begin.size();
  const auto fit = [&](std::size_t d) {
    piece.count[d] = std::min(step[d], box.begin[d] + box.count[d] - piece.begin[d]);
  };
  for (std::size_t d = 0; d < rank; ++d) fit(d);
  while (true) {
    pieces.push_back(piece);
    std::size_t d = rank;
    while (true) {
      if (d == 0) return pieces;
      --d;
      piece.begin[d] += step[d];
      const bool inside = piece.begin[d] < box.begin[d] + box.count[d];
      if (!inside) piece.begin[d] = box.begin[d];
      fit(d);
      if (inside) break;
    }
  }
}

std::vector<std::int64_t> block_steps(const NormPart& part, std::int64_t limit) {
  std::vector<std::int64_t> step, extents;
  for (std::size_t d = 0; d < part.dims.size(); ++d) {
    extents.push_back(part.dims[d].extent);
    step.push_back(in_set(part, d) ? part.dims[d].extent : 1);
  }
  grow(extents, limit, step, [&](std::size_t d) { return !in_set(part, d); });
  return step;
}

std::vector<std::int64_t> narrow_block_steps(const NormPart& part, std::int64_t run) {
  std::vector<std::int64_t> step;
  for (std::size_t d = 0; d < part.dims.size(); ++d)
    step.push_back(in_set(part, d) ? part.dims[d].extent : 1);
  if (!in_set(part, part.dims.size() - 1)) step.back() = even_step(part.dims.back().extent, run);
  return step;
}

std::vector<std::int64_t> chunk_steps(const NormPart& part, const TileBox& block, std::int64_t limit) {
  std::vector<std::int64_t> step;
  for (std::size_t d = 0; d < part.dims.size(); ++d) step.push_back(in_set(part, d) ? 1 : block.count[d]);
  grow(block.count, limit, step, [&](std::size_t d) { return in_set(part, d); });
  return step;
}

NormTile tile_of(const NormPart& part, const TileBox& box) {
  NormTile tile;
  for (std::size_t d = 0; d < part.dims.size(); ++d)
    tile.dims.push_back({box.count[d], part.dims[d].in_set, part.dims[d].affine_stride});
  return tile;
}

DramBox dram_of(const NormPart& part, const TileBox& box, std::int64_t address, int element_bytes) {
  DramBox dram;
  dram.base = address + part.offset * element_bytes;
  for (std::size_t d = 0; d < part.dims.size(); ++d)
    dram.dims.push_back({box.begin[d], box.count[d], part.dims[d].stride * element_bytes});
  if (element_bytes > 1 || part.dims.empty() || part.dims.back().stride != 1)
    dram.dims.push_back({0, element_bytes, 1});
  return dram;
}

EntryRange entries_of(const NormPart& part, const TileBox& box) {
  EntryRange range;
  for (std::size_t d = 0; d < part.dims.size(); ++d) {
    range.first += box.begin[d] * part.dims[d].affine_stride;
    range.count += (box.count[d] - 1) * part.dims[d].affine_stride;
  }
  return range;
}

}  // namespace bpusim
