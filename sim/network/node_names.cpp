#include "sim/network/node_names.h"

namespace bpusim {

std::vector<std::string> nodes_named(const std::string& name, const Network& network) {
  std::vector<std::string> within;
  for (const Node& node : network.nodes) {
    if (node.name == name) return {name};
    const bool front = !name.empty() && node.name.size() > name.size() && node.name[name.size()] == '/' &&
                       node.name.compare(0, name.size(), name) == 0;
    if (front) within.push_back(node.name);
  }
  return within;
}

std::vector<std::string> with_nodes_named(const std::vector<std::string>& names, const Network& network) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    const std::vector<std::string> nodes = nodes_named(name, network);
    if (nodes.empty()) all.push_back(name);
    all.insert(all.end(), nodes.begin(), nodes.end());
  }
  return all;
}

}  // namespace bpusim
