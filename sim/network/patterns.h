// Operators that exporters wrote out in primitives, put together again. Each rule is a row of one table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/network/network.h"

namespace bpusim {

/// What a rule found: the nodes that one node replaces, the last of which makes the result.
struct Match {
  std::vector<std::size_t> nodes;  ///< indices, in order; their results are read by nobody outside
  Node replacement;                ///< its name and outputs are those of the last node
  std::vector<std::pair<std::string, Tensor>> constants;  ///< that the replacement reads, by value name
};

class NetworkGraph;

struct Rule {
  const char* name;
  const char* pattern;  ///< for docs
  std::optional<Match> (*match)(const NetworkGraph& graph, std::size_t last);
};
const std::vector<Rule>& recognition_rules();

/// Applies the rules until none matches. Constants must have been folded. Replacements note what they stand
/// for in Node::origin.
Network recognise(const Network& network);

}  // namespace bpusim
