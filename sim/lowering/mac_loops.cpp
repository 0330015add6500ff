#include "sim/lowering/mac_loops.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "kernels/units.h"

namespace bpusim {

namespace {

const std::map<std::string, MacMapping>& names() {
  static const std::map<std::string, MacMapping> table = {{"mac_array", MacMapping::Rows},
                                                          {"mac_weights", MacMapping::Weights},
                                                          {"mac_input", MacMapping::Input},
                                                          {"mac_channels", MacMapping::Channels}};
  return table;
}

// What a core holds, and which of its slots come next.
struct Held {
  std::int64_t chunk = -1;                            // whose weights were loaded last
  std::int64_t weights = 0, inputs = 0, outputs = 0;  // loaded or begun so far
};

class TileVisits {
 public:
  TileVisits(const MacLoops& loops, const std::function<void(const MacVisit&)>& visit)
      : loops_(loops), visit_(visit), held_(static_cast<std::size_t>(loops.cores)) {}

  void chunks_of_pieces(std::int64_t pieces);
  void pieces_of_chunks(std::int64_t pieces);
  void channels_on_cores(std::int64_t pieces);

 private:
  Held& held(std::int64_t core) { return held_[static_cast<std::size_t>(core)]; }
  void tile(std::int64_t core, std::int64_t channel, std::int64_t end, std::int64_t piece, bool load_input);

  const MacLoops& loops_;
  const std::function<void(const MacVisit&)>& visit_;
  std::vector<Held> held_;
};

void TileVisits::tile(std::int64_t core, std::int64_t channel, std::int64_t end, std::int64_t piece,
                      bool load_input) {
  Held& h = held(core);
  MacVisit v;
  v.core = static_cast<int>(core);
  v.channel = channel;
  v.channels = std::min(loops_.chunk, end - channel);
  v.piece = piece;
  v.load_weights = h.chunk != channel;
  v.load_input = load_input;
  h.weights += v.load_weights ? 1 : 0;
  h.inputs += load_input ? 1 : 0;
  h.chunk = channel;
  v.weight_slot = (h.weights - 1) % loops_.weight_slots();
  v.input_slot = (h.inputs - 1) % loops_.input_slots();
  v.output_slot = h.outputs++ % MacLoops::kOutputs;
  visit_(v);
}

// Turns go on from chunk to chunk, so that few pieces still reach all cores.
void TileVisits::pieces_of_chunks(std::int64_t pieces) {
  std::int64_t turn = 0;
  for (std::int64_t c = 0; c < loops_.channels; c += loops_.chunk)
    for (std::int64_t piece = 0; piece < pieces; ++piece)
      tile(turn++ % loops_.cores, c, loops_.channels, piece, true);
}

// There and back: the chunk that ends a piece begins the core's next, and is not loaded again.
void TileVisits::chunks_of_pieces(std::int64_t pieces) {
  const std::int64_t chunks = ceil_div(loops_.channels, loops_.chunk);
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const bool back = piece / loops_.cores % 2 == 1;
    for (std::int64_t i = 0; i < chunks; ++i)
      tile(piece % loops_.cores, (back ? chunks - 1 - i : i) * loops_.chunk, loops_.channels, piece, i == 0);
  }
}

void TileVisits::channels_on_cores(std::int64_t pieces) {
  for (std::int64_t c = 0; c < loops_.share; c += loops_.chunk)
    for (std::int64_t piece = 0; piece < pieces; ++piece)
      for (std::int64_t core = 0; core < loops_.cores; ++core) {
        const std::int64_t channel = core * loops_.share + c,
                           end = std::min(loops_.channels, (core + 1) * loops_.share);
        if (channel < end) tile(core, channel, end, piece, true);
      }
}

}  // namespace

MacMapping mac_mapping(const std::string& name) {
  return names().at(name);
}

std::vector<std::string> mac_mappings(std::int64_t cores) {
  std::vector<std::string> result = {"mac_array", "mac_weights", "mac_input"};
  if (cores > 1) result.emplace_back("mac_channels");
  return result;
}

MacLoops MacLoops::all_channels(MacMapping mapping, const MachineParams& machine, std::int64_t channels,
                                std::int64_t unit) {
  MacLoops loops;
  loops.mapping = mapping;
  loops.cores = machine.bpu.cores;
  loops.channels = loops.share = channels;
  if (mapping == MacMapping::Channels) {
    std::int64_t share = ceil_div(channels, loops.cores);
    if (share > unit) share = round_up(share, unit);
    if (unit < channels)
      while (share < unit && unit % share != 0) ++share;
    loops.share = share;
  }
  loops.chunk = loops.share;
  return loops;
}

std::int64_t MacLoops::weight_slots() const {
  const bool alone = mapping == MacMapping::Weights || (mapping == MacMapping::Channels && chunk >= share);
  return alone ? 1 : 2;
}

std::int64_t MacLoops::weight_limit(std::int64_t sram) const {
  if (mapping == MacMapping::Weights) return sram;
  return sram / 2;
}

void MacLoops::check_difference(bool rows_keep_all) const {
  if ((mapping == MacMapping::Weights || mapping == MacMapping::Input) && rows_keep_all)
    throw std::invalid_argument("mac_array keeps the weights of all channels and reads no input twice");
  if (mapping == MacMapping::Channels && share >= channels)
    throw std::invalid_argument("the channels make work for one core only");
}

void visit_tiles(const MacLoops& loops, std::int64_t pieces,
                 const std::function<void(const MacVisit&)>& visit) {
  TileVisits visits(loops, visit);
  if (loops.mapping == MacMapping::Input) return visits.chunks_of_pieces(pieces);
  if (loops.mapping == MacMapping::Channels) return visits.channels_on_cores(pieces);
  visits.pieces_of_chunks(pieces);
}

}  // namespace bpusim
