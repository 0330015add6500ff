#include "sim/run/unused_mappings.h"

#include <algorithm>
#include <map>
#include <utility>

#include "kernels/norms/norm.h"

namespace bpusim {

namespace {

constexpr std::size_t kMostNames = 5;

std::string in_words(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t n = 0; n < std::min(names.size(), kMostNames); ++n)
    text += (n == 0 ? "" : ", ") + names[n];
  return names.size() > kMostNames ? text + " and " + std::to_string(names.size() - kMostNames) + " more"
                                   : text;
}

std::string where(const Step& step, const LoweredStep& lowered) {
  if (step.on_cpu()) return "on the CPU: " + step.placement.reason;
  if (step.placement.where == Placement::Where::Decomposed) return "decomposed: " + step.placement.reason;
  return "laid out as " + lowered.mapping;
}

// Whether another operator has a norm's name: the last of the primitives that the policy asks for.
bool is_written_out(const Node& norm, const Network& placed) {
  return std::any_of(placed.nodes.begin(), placed.nodes.end(), [&](const Node& node) {
    return node.name == norm.name && find_norm(node.op) == nullptr;
  });
}

}  // namespace

std::vector<std::string> unused_mappings(const RunSpec& run, const PlacedNetwork& placed,
                                         const CompiledNetwork& compiled) {
  std::map<std::pair<Mapping, std::string>, std::vector<std::string>> unused;  // by mapping and what came
  bool any_norm = false;
  for (std::size_t s = 0; s < placed.steps.size(); ++s) {
    const Step& step = placed.steps[s];
    for (const std::size_t n : step.nodes) {
      const Node& node = placed.network.nodes[n];
      const std::optional<Mapping>& asked = run.options_of(node.name).mapping;
      if (find_norm(node.op) == nullptr) continue;
      any_norm = true;
      if (!asked || (n != step.nodes.front() && asked == run.defaults.mapping)) continue;
      if (to_string(*asked) == compiled.steps[s].mapping) continue;
      const std::string came =
          n == step.nodes.front() ? where(step, compiled.steps[s]) : "folded into " + step.name;
      unused[{*asked, came}].push_back(node.name);
    }
  }
  for (const Node& node : run.network.nodes) {
    if (find_norm(node.op) == nullptr) continue;
    any_norm = true;
    const std::optional<Mapping>& asked = run.options_of(node.name).mapping;
    if (asked && *asked != Mapping::Decomposed && is_written_out(node, placed.network))
      unused[{*asked, "written out in primitives"}].push_back(node.name);
  }
  std::vector<std::string> lines;
  lines.reserve(unused.size());
  for (const auto& [key, names] : unused)
    lines.push_back(std::string("mapping ") + to_string(key.first) + " changes nothing for " +
                    in_words(names) + ", " + key.second);
  const std::optional<Mapping>& of_all = run.defaults.mapping;
  if (of_all && *of_all != Mapping::Host && !any_norm)
    lines.push_back(std::string("mapping ") + to_string(*of_all) +
                    " changes nothing: norms alone have mappings to choose from, and there is none");
  return lines;
}

}  // namespace bpusim
