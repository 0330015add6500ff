#include "sim/network/free_names.h"

namespace bpusim {

FreeNames::FreeNames(const Network& network) {
  for (const auto& [name, value] : network.values) taken_.insert(name);
  for (const Node& node : network.nodes) {
    taken_.insert(node.name);
    taken_.insert(node.outputs.begin(), node.outputs.end());  // which may not be among the values yet
  }
}

std::string FreeNames::take(const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; !taken_.insert(name).second; ++number) name = wanted + "#" + std::to_string(number);
  return name;
}

}  // namespace bpusim
