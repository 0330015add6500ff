// The order in which the tiles of a convolution or a matrix product are made, and on which core: what stays
// in SRAM while the rest passes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/machine_params.h"

namespace bpusim {

/// Output channels (columns) come in chunks, all the rest of the output in pieces; a tile is a chunk of a
/// piece.
enum class MacMapping {
  Rows,      ///< pieces take turns on the cores; a chunk's weights stay for all pieces, the next chunk's load
  Weights,   ///< as Rows, with one chunk: the weights of all channels stay, the input is read once
  Input,     ///< pieces take turns on the cores; a piece's input stays while all chunks pass
  Channels,  ///< each core makes its own channels of all pieces: it reads its own weights, and all of the
             ///< input
};

/// Names as reports show them. Throws std::out_of_range for another.
MacMapping mac_mapping(const std::string& name);

/// Names of the mappings that make a difference on a machine with so many cores.
std::vector<std::string> mac_mappings(std::int64_t cores);

/// How the channels are cut, and how SRAM is divided.
struct MacLoops {
  MacMapping mapping = MacMapping::Rows;
  std::int64_t cores = 1;
  std::int64_t channels = 1;  ///< of the output
  std::int64_t share = 1;     ///< channels that one core makes: all, or its part with MacMapping::Channels
  std::int64_t chunk = 1;     ///< channels whose weights lie in SRAM together

  static constexpr std::int64_t kOutputs = 3;  ///< tiles under way: one loading, one computed, one stored

  /// `unit` channels belong to a group of a convolution: a share lies within one or spans whole ones.
  static MacLoops all_channels(MacMapping mapping, const MachineParams& machine, std::int64_t channels,
                               std::int64_t unit);

  /// Chunks whose weights have room: one where nothing follows it, else the next one's too.
  std::int64_t weight_slots() const;
  std::int64_t input_slots() const { return mapping == MacMapping::Input ? 2 : kOutputs; }
  /// Offsets behind the weights of an input slot, and of an output slot. A tile's result lies behind its
  /// input where both come and go together.
  std::int64_t input_at(std::int64_t slot, std::int64_t in_bytes, std::int64_t out_bytes) const {
    return slot * (mapping == MacMapping::Input ? in_bytes : in_bytes + out_bytes);
  }
  std::int64_t output_at(std::int64_t slot, std::int64_t in_bytes, std::int64_t out_bytes) const {
    return mapping == MacMapping::Input ? input_slots() * in_bytes + slot * out_bytes
                                        : slot * (in_bytes + out_bytes) + in_bytes;
  }
  /// Bytes of SRAM that weights may take, of so many.
  std::int64_t weight_limit(std::int64_t sram) const;
  /// Throws std::invalid_argument where another mapping makes the same tiles in the same order.
  /// `rows_keep_all`: MacMapping::Rows has one chunk.
  void check_difference(bool rows_keep_all) const;
};

/// One tile, and what must be loaded for it.
struct MacVisit {
  int core = 0;
  std::int64_t channel = 0, channels = 0;  ///< of its chunk
  std::int64_t piece = 0;
  bool load_weights = false, load_input = false;
  std::int64_t weight_slot = 0, input_slot = 0, output_slot = 0;
};

/// Visits every chunk of every piece once.
void visit_tiles(const MacLoops& loops, std::int64_t pieces,
                 const std::function<void(const MacVisit&)>& visit);

}  // namespace bpusim
