// Bytes on the bus: where the cores' SRAMs are seen there, and strided boxes of bytes.
#pragma once

#include <cstdint>
#include <vector>

namespace bpusim {

/// Bus addresses from here on are the cores' SRAMs, one window a core: tensors that stay on chip between
/// operators have such addresses. Every core's DMA reaches every window.
constexpr std::int64_t kSramWindow = std::int64_t{1} << 60;
constexpr std::int64_t kSramWindowBytes = std::int64_t{1} << 40;
inline std::int64_t sram_window(int core, std::int64_t address) {
  return kSramWindow + core * kSramWindowBytes + address;
}
/// Of an address in a window.
inline int core_of(std::int64_t address) {
  return static_cast<int>((address - kSramWindow) / kSramWindowBytes);
}
inline std::int64_t offset_in_window(std::int64_t address) {
  return (address - kSramWindow) % kSramWindowBytes;
}

/// A strided box of bytes in DRAM, or in the window: dims outermost first, the last one with stride 1
/// (bytes).
struct DramBox {
  struct Dim {
    std::int64_t begin = 0, count = 1, stride = 1;
  };
  std::int64_t base = 0;  ///< where index 0 of every dimension lies; boxes of one view of one tensor share it
  std::vector<Dim> dims;

  bool in_window() const { return base >= kSramWindow; }
  std::int64_t bytes() const;
  std::int64_t first() const;  ///< lowest address
  std::int64_t last() const;   ///< one past the highest address
  /// Whether they share a byte: exact for boxes of one view, by their hulls otherwise.
  bool overlaps(const DramBox& other) const;
  /// Calls visit(address, bytes) for each contiguous piece, in order.
  template <class Visit>
  void for_each_run(Visit&& visit) const;
  static DramBox contiguous(std::int64_t address, std::int64_t bytes) { return {address, {{0, bytes, 1}}}; }
};

/// Walks the contiguous pieces of a box in order, which are of one length. Many can be passed at a time.
class BoxRuns {
 public:
  BoxRuns() = default;
  explicit BoxRuns(const DramBox& box) { reset(box); }
  void reset(const DramBox& box);

  bool done() const { return left_ == 0; }
  std::int64_t address() const { return address_; }  ///< of the next piece
  std::int64_t bytes() const { return bytes_; }      ///< of each piece
  std::int64_t stride() const { return rows_.empty() ? 0 : rows_.back().stride; }
  /// Pieces that are left in the row, each stride() after the one before it.
  std::int64_t in_row() const { return rows_.empty() ? 1 : rows_.back().count - rows_.back().at; }
  /// Whole rows from the next piece on, each row_stride() after the one before it; 0 within a row.
  std::int64_t even_rows() const;
  std::int64_t row_stride() const { return rows_.size() < 2 ? 0 : rows_[rows_.size() - 2].stride; }
  std::int64_t left() const { return left_; }  ///< pieces, with the next one
  /// Past `pieces` of those that are left.
  void skip(std::int64_t pieces);

 private:
  struct Row {
    std::int64_t count = 1, stride = 0, at = 0;
  };
  std::vector<Row> rows_;  // outermost first, all of more than one
  std::int64_t address_ = 0, bytes_ = 0, left_ = 0;
};

template <class Visit>
void DramBox::for_each_run(Visit&& visit) const {
  for (BoxRuns runs(*this); !runs.done(); runs.skip(1)) visit(runs.address(), runs.bytes());
}

}  // namespace bpusim
