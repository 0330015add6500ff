#include "sim/operators/step.h"

#include <set>

#include "sim/operators/operator.h"

namespace bpusim {

std::vector<std::string> inputs_of(const Step& step, const Network& network) {
  std::vector<std::string> inputs;
  std::set<std::string> inside;
  for (const std::size_t n : step.nodes) {
    const Node& node = network.nodes[n];
    for (const std::string& input : operands_of(node, network)) {
      // Constants that followers take are folded into the step.
      const bool folded = n != step.nodes.front() && network.values.at(input).constant;
      if (inside.count(input) == 0 && !folded) inputs.push_back(input);
    }
    inside.insert(node.outputs.begin(), node.outputs.end());
  }
  return inputs;
}

}  // namespace bpusim
