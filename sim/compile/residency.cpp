#include "sim/compile/residency.h"

#include <algorithm>

#include "kernels/units.h"
#include "models/commands/command.h"
#include "sim/operators/step.h"

namespace bpusim {

namespace {

// A root from the first step that writes to it to the last that reads it.
struct Life {
  std::int64_t bytes = 0;
  std::size_t first = SIZE_MAX, last = 0;
  bool on_chip = true;
};

// Stretches of one core's tensor region that are taken.
class Region {
 public:
  Region(std::int64_t begin, std::int64_t end) : begin_(begin), end_(end) {}

  // Address of the first gap of `bytes`, or -1.
  std::int64_t take(std::int64_t bytes, std::size_t until) {
    std::int64_t at = begin_;
    for (const auto& [address, stretch] : taken_) {
      if (address - at >= bytes) break;
      at = address + stretch.bytes;
    }
    if (end_ - at < bytes) return -1;
    taken_[at] = {bytes, until};
    most_ = std::max(most_, at + bytes - begin_);
    return at;
  }
  void release_before(std::size_t step) {
    for (auto stretch = taken_.begin(); stretch != taken_.end();)
      stretch = stretch->second.until < step ? taken_.erase(stretch) : std::next(stretch);
  }
  std::int64_t most() const { return most_; }

 private:
  struct Stretch {
    std::int64_t bytes;
    std::size_t until;
  };
  std::int64_t begin_, end_, most_ = 0;
  std::map<std::int64_t, Stretch> taken_;
};

std::map<std::string, Life> lives_of(const PlacedNetwork& placed) {
  const Network& network = placed.network;
  const std::vector<Step>& steps = placed.steps;
  const Sharing& sharing = placed.sharing;
  std::map<std::string, Life> lives;
  const auto touch = [&](const std::string& value, std::size_t s, bool on_bpu) {
    Life& life = lives[sharing.part(value).root];
    life.first = std::min(life.first, s);
    life.last = std::max(life.last, s);
    life.on_chip = life.on_chip && on_bpu;
  };
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Node& last = placed.last_node(steps[s]);
    for (const std::string& input : inputs_of(steps[s], network)) touch(input, s, steps[s].on_bpu());
    for (const std::string& output : last.outputs)
      if (sharing.parts.count(output) != 0) touch(output, s, steps[s].on_bpu());
  }
  for (auto& [root, life] : lives)
    life.bytes = aligned(element_count(network.shape_of(root)) * byte_size(sharing.dtype_of(root)));
  const auto leave = [&](const std::string& value) {
    const auto part = sharing.parts.find(value);
    if (part != sharing.parts.end()) lives.at(part->second.root).on_chip = false;
  };
  for (const std::string& output : network.outputs) leave(output);
  for (const auto& [value, part] : sharing.parts)
    if (network.values.at(value).constant ||
        std::find(network.inputs.begin(), network.inputs.end(), value) != network.inputs.end())
      leave(value);
  return lives;
}

}  // namespace

Residency plan_residency(const PlacedNetwork& placed, const MachineParams& machine) {
  Residency residency;
  if (machine.sram.tensor_bytes == 0) return residency;
  const auto lives = lives_of(placed);
  std::vector<std::vector<std::string>> begun(placed.steps.size());
  for (const auto& [root, life] : lives)
    if (life.on_chip && life.bytes > 0) begun[life.first].push_back(root);
  std::vector<Region> regions(static_cast<std::size_t>(machine.bpu.cores),
                              Region(machine.sram.bytes - machine.sram.tensor_bytes, machine.sram.bytes));
  std::size_t turn = 0;
  for (std::size_t s = 0; s < placed.steps.size(); ++s) {
    for (Region& region : regions) region.release_before(s);
    for (const std::string& root : begun[s]) {
      const Life& life = lives.at(root);
      for (std::size_t k = 0; k < regions.size(); ++k) {
        const std::size_t core = (turn + k) % regions.size();
        const std::int64_t at = regions[core].take(life.bytes, life.last);
        if (at < 0) continue;
        residency.addresses[root] = sram_window(static_cast<int>(core), at);
        turn = core + 1;
        break;
      }
    }
  }
  for (const Region& region : regions)
    residency.high_water_bytes = std::max(residency.high_water_bytes, region.most());
  return residency;
}

}  // namespace bpusim
