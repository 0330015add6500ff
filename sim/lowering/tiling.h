// Cutting a norm's view into boxes: blocks of complete sets, and chunks of sets that are too large for a
// tile.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norms/norm.h"
#include "models/commands/command.h"

namespace bpusim {

/// A box of a part's view, in indices of its dimensions.
struct TileBox {
  std::vector<std::int64_t> begin, count;
  std::int64_t elements() const;
};

/// The whole view.
TileBox whole_view(const NormPart& part);

/// Cuts a box into boxes of `step` and smaller, row-major.
std::vector<TileBox> cut(const TileBox& box, const std::vector<std::int64_t>& step);

/// Steps for blocks of complete sets of at most `limit` elements: whole sets, then neighbours from the inside
/// out, in equal shares. A set larger than the limit is a block of its own.
std::vector<std::int64_t> block_steps(const NormPart& part, std::int64_t limit);

/// Steps for blocks whose sets are to be cut further: single sets, or, where neighbouring elements belong to
/// different sets, `run` of those side by side, so that memory is still read in runs.
std::vector<std::int64_t> narrow_block_steps(const NormPart& part, std::int64_t run);

/// Steps that cut a block's set dimensions (all dimensions for Statistic::Given) into chunks of at most
/// `limit` elements.
std::vector<std::int64_t> chunk_steps(const NormPart& part, const TileBox& block, std::int64_t limit);

/// The box as the engines see it, dense.
NormTile tile_of(const NormPart& part, const TileBox& box);

/// The box in a tensor of `element_bytes` at `address`.
DramBox dram_of(const NormPart& part, const TileBox& box, std::int64_t address, int element_bytes);

/// Affine entries that the box reads: a range.
struct EntryRange {
  std::int64_t first = 0, count = 1;
};
EntryRange entries_of(const NormPart& part, const TileBox& box);

}  // namespace bpusim
