// Operators that exporters wrote out in primitives, put together again. Each rule is a row of one table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/network/patterns/graph.h"

namespace bpusim {

struct Rule {
  const char* name;
  const char* op;       ///< that it makes
  const char* pattern;  ///< for docs
  std::optional<Match> (*match)(const NetworkGraph& graph, std::size_t last);
};
const std::vector<Rule>& recognition_rules();

/// Applies the rules whose operator is `wanted` (all without it) until none matches, to nodes that are not
/// `kept` as they are. Constants must have been
/// folded; shapes of values let Reshapes be seen through. Replacements note in Node::origin what they stand
/// for.
Network recognise(const Network& network, const std::function<bool(const std::string& op)>& wanted = {},
                  const std::function<bool(const Node& node)>& kept = {});

}  // namespace bpusim
