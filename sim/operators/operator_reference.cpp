#include "sim/operators/operator_reference.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "kernels/norms/norm.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

std::string shown(const NormAttribute& attribute) {
  if (attribute.required) return attribute.name;
  std::ostringstream text;
  text << attribute.name << " = ";
  if (const auto* integer = std::get_if<std::int64_t>(&attribute.fallback)) {
    text << *integer;
  } else if (const auto* number = std::get_if<double>(&attribute.fallback)) {
    text << *number;
  } else {
    const auto& list = std::get<std::vector<std::int64_t>>(attribute.fallback);
    for (std::size_t i = 0; i < list.size(); ++i) text << (i == 0 ? "[" : ", ") << list[i];
    text << (list.empty() ? "[]" : "]");
  }
  return text.str();
}

std::string norm_reference() {
  std::string page =
      "\n## Norms\n\n"
      "From the rows of `kernels/norms/definitions/`; `?` marks inputs that may be left out, and an "
      "attribute "
      "has the value\nthat it takes where it is not given.\n\n"
      "| norm | inputs after X | attributes | statistics over | affine per | rank "
      "|\n|---|---|---|---|---|---|\n";
  for (const NormDefinition& norm : norm_registry()) {
    std::string attributes;
    for (const NormAttribute& attribute : norm.attributes)
      attributes += (attributes.empty() ? "" : ", ") + shown(attribute);
    page += "| " + norm.op + " | " + constant_names(norm) + " | " + attributes + " | " + norm.over + " | " +
            norm.affine + " | " + "from " + std::to_string(norm.min_rank) + " |\n";
  }
  return page;
}

}  // namespace

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
  return page + norm_reference();
}

}  // namespace bpusim
