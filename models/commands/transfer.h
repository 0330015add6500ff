// Copies between DRAM and SRAM, and on chip: what a DMA channel does.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/units.h"
#include "models/commands/behaviour.h"
#include "models/commands/dram_box.h"

namespace bpusim {

/// What a DMA channel charges for a transfer. The channel itself and the compiler's estimate reckon with it;
/// what the DRAM adds comes on top.
struct ChannelPrice {
  std::int64_t setup_cycles = 0;          ///< from its start to its first request
  std::int64_t port_bytes_per_cycle = 1;  ///< of the channel, or on chip of the port of an SRAM bank
  double pace = 1;  ///< bytes a cycle while it issues: the slower of the port and the DRAM's peak

  std::int64_t port_cycles(std::int64_t bytes) const { return ceil_div(bytes, port_bytes_per_cycle); }
  std::int64_t issue_cycles(std::int64_t bytes) const;  ///< at its pace
};

/// Bytes a BPU cycle that all channels together can count on from the DRAM: for estimates.
double expected_dram_bytes_per_cycle(const MachineParams& machine);

/// Planes of half the height and width that arrive with every element twice along both: the chroma of an NV12
/// image, as a camera's pyramid or resizer hands it to the BPU.
struct Doubling {
  std::int64_t planes = 1;   ///< of both
  std::int64_t row = 0;      ///< of the doubled planes, from which on they arrive
  std::int64_t rows = 1;     ///< of the doubled planes
  std::int64_t columns = 2;  ///< of the doubled planes; even

  std::int64_t first_source_row() const { return row / 2; }
  std::int64_t source_rows() const { return (row + rows + 1) / 2 - row / 2; }
  std::int64_t bytes() const { return planes * rows * columns; }  ///< in SRAM
  /// From planes [planes][source_rows()][columns / 2], dense, to [planes][rows][columns].
  void spread(const std::uint8_t* from, std::uint8_t* to) const;
};

/// Load (DRAM to SRAM) or Store, by the command's unit. Dense in SRAM. A box in a window makes it a copy
/// between SRAMs, or within one.
struct Transfer {
  DramBox dram;
  std::int64_t sram = 0;
  bool box_moves = false;  ///< the box is working memory of the program's own, seen through the window
  std::optional<Doubling> doubling = {};  ///< of a Load from DRAM: the box holds its source rows

  std::int64_t sram_bytes() const { return doubling ? doubling->bytes() : dram.bytes(); }
  bool on_chip() const { return dram.in_window(); }
  ChannelPrice channel_price(const MachineParams& machine) const;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  /// Setup and port; the DRAM decides how long it really takes.
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

}  // namespace bpusim
