#include "sim/run/residency.h"

#include <algorithm>

#include "kernels/view.h"
#include "models/command.h"
#include "sim/run/simplify.h"

namespace bpusim {

namespace {

constexpr std::int64_t kAlign = 64;

// A value from the step that makes it to the last that reads it.
struct Life {
  std::string root;
  std::int64_t bytes = 0;
  std::size_t first = 0, last = 0;
  bool on_chip = true;
};

// Stretches of the tensor region that are taken.
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
    return at;
  }
  void release_before(std::size_t step) {
    for (auto stretch = taken_.begin(); stretch != taken_.end();)
      stretch = stretch->second.until < step ? taken_.erase(stretch) : std::next(stretch);
  }

 private:
  struct Stretch {
    std::int64_t bytes;
    std::size_t until;
  };
  std::int64_t begin_, end_;
  std::map<std::int64_t, Stretch> taken_;
};

bool on_bpu(const Step& step) {
  return step.placement.where == Placement::Where::Bpu ||
         step.placement.where == Placement::Where::Decomposed;
}

}  // namespace

std::map<std::string, std::int64_t> plan_residency(const Network& network, const std::vector<Step>& steps,
                                                   const std::map<std::string, Shape>& shapes,
                                                   const MachineParams& machine) {
  std::map<std::string, std::int64_t> addresses;
  if (machine.sram.tensor_bytes == 0 || machine.bpu.cores != 1) return addresses;
  std::map<std::string, Life> lives;           // by root
  std::map<std::string, std::string> root_of;  // aliases to what they share bytes with
  std::vector<std::vector<std::string>> made(steps.size());
  const auto root = [&](const std::string& name) {
    const auto found = root_of.find(name);
    return found == root_of.end() ? name : found->second;
  };
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Node& first = network.nodes[steps[s].nodes.front()];
    const Node& last = network.nodes[steps[s].nodes.back()];
    for (const std::string& input : tensor_inputs(first, network)) {
      const auto life = lives.find(root(input));
      if (life == lives.end()) continue;
      life->second.last = s;
      life->second.on_chip = life->second.on_chip && on_bpu(steps[s]);
    }
    const std::size_t outputs = first.op == "Split" ? last.outputs.size() : 1;
    for (std::size_t i = 0; i < outputs; ++i) {
      const std::string& name = last.outputs.at(i);
      if (is_alias(first.op) && on_bpu(steps[s])) {
        root_of[name] = root(tensor_inputs(first, network).at(0));
        continue;
      }
      const auto shape = shapes.find(name);
      const std::int64_t bytes =
          shape == shapes.end() ? 0 : (element_count(shape->second) + kAlign - 1) / kAlign * kAlign;
      lives[name] = {name, bytes, s, s, on_bpu(steps[s])};
      made[s].push_back(name);
    }
  }
  for (const std::string& output : network.outputs)
    if (const auto life = lives.find(root(output)); life != lives.end()) life->second.on_chip = false;

  Region region(machine.sram.bytes - machine.sram.tensor_bytes, machine.sram.bytes);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    region.release_before(s);
    for (const std::string& name : made[s]) {
      const Life& life = lives.at(name);
      if (!life.on_chip || life.bytes == 0) continue;
      const std::int64_t at = region.take(life.bytes, life.last);
      if (at >= 0) addresses[name] = kSramWindow + at;
    }
  }
  return addresses;
}

}  // namespace bpusim
