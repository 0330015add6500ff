#include "models/commands/dram_box.h"

#include <algorithm>

namespace bpusim {

std::int64_t DramBox::bytes() const {
  std::int64_t total = 1;
  for (const Dim& dim : dims) total *= dim.count;
  return total;
}

std::int64_t DramBox::first() const {
  std::int64_t address = base;
  for (const Dim& dim : dims) address += dim.begin * dim.stride;
  return address;
}

std::int64_t DramBox::last() const {
  std::int64_t address = base;
  for (const Dim& dim : dims) address += (dim.begin + dim.count - 1) * dim.stride;
  return address + 1;
}

bool DramBox::overlaps(const DramBox& other) const {
  if (first() >= other.last() || other.first() >= last()) return false;
  const bool same_view = base == other.base && dims.size() == other.dims.size() &&
                         std::equal(dims.begin(), dims.end(), other.dims.begin(),
                                    [](const Dim& a, const Dim& b) { return a.stride == b.stride; });
  if (!same_view) return true;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const Dim &a = dims[d], &b = other.dims[d];
    if (a.begin >= b.begin + b.count || b.begin >= a.begin + a.count) return false;
  }
  return true;
}

void BoxRuns::reset(const DramBox& box) {
  std::size_t outer = box.dims.size();
  bytes_ = 1;
  while (outer > 0 && box.dims[outer - 1].stride == bytes_) bytes_ *= box.dims[--outer].count;
  address_ = box.first();
  rows_.clear();
  left_ = 1;
  for (std::size_t d = 0; d < outer; ++d) {
    const DramBox::Dim& dim = box.dims[d];
    left_ *= dim.count;
    if (dim.count == 1) continue;
    if (!rows_.empty() && rows_.back().stride == dim.count * dim.stride) {  // rows that go on evenly are one
      rows_.back() = {rows_.back().count * dim.count, dim.stride, 0};
    } else {
      rows_.push_back({dim.count, dim.stride, 0});
    }
  }
}

void BoxRuns::skip(std::int64_t pieces) {
  left_ -= pieces;
  for (std::size_t r = rows_.size(); r > 0 && pieces > 0; --r) {
    Row& row = rows_[r - 1];
    const std::int64_t at = row.at + pieces;
    if (at < row.count) {
      address_ += pieces * row.stride;
      row.at = at;
      return;
    }
    pieces = at / row.count;
    address_ += (at % row.count - row.at) * row.stride;
    row.at = at % row.count;
  }
}

std::int64_t BoxRuns::even_rows() const {
  if (!rows_.empty() && rows_.back().at > 0) return 0;
  return rows_.size() < 2 ? 1 : rows_[rows_.size() - 2].count - rows_[rows_.size() - 2].at;
}

}  // namespace bpusim
