#include "sim/operators/operator_reference.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/operators/operator.h"

namespace bpusim {

std::string operator_reference() {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;  // in the registry's order
  for (const OperatorDefinition& row : operator_registry()) {
    const std::string how = std::string(row.engine) + " | " + row.arithmetic;
    const auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == how; });
    if (group == groups.end()) {
      groups.push_back({how, {row.op}});
    } else {
      group->second.push_back(row.op);
    }
  }
  std::string page =
      "# Operators\n\n"
      "Made by `bpusim docs operators` from the rows of `sim/operators/`. A policy may send each of them to "
      "the CPU, "
      "which runs\nall of them in float32; `bpusim check MODEL.onnx` says which and why.\n\n"
      "| operators | engine | arithmetic |\n|---|---|---|\n";
  for (auto& [how, ops] : groups) {
    std::sort(ops.begin(), ops.end());
    std::string names;
    for (const std::string& op : ops) names += (names.empty() ? "" : ", ") + op;
    page += "| " + names + " | " + how + " |\n";
  }
  return page;
}

}  // namespace bpusim
