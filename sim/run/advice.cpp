#include "sim/run/advice.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "sim/operators/norm_problem.h"

namespace bpusim {

namespace {

// Lines by what they say, with how many nodes they say it of.
class Lines {
 public:
  void add(const std::string& text, const std::string& node) {
    auto& nodes = nodes_[text];
    if (nodes.empty()) order_.push_back(text);
    nodes.push_back(node);
  }
  std::vector<Advice> take() const {
    std::vector<Advice> advice;
    for (const std::string& text : order_) {
      const auto& nodes = nodes_.at(text);
      std::string names;
      for (std::size_t i = 0; i < std::min<std::size_t>(nodes.size(), 3); ++i)
        names += (i > 0 ? ", " : "") + nodes[i];
      if (nodes.size() > 3) names += ", …";
      advice.push_back({text + " (" + std::to_string(nodes.size()) + ": " + names + ")", 0});
    }
    return advice;
  }

 private:
  std::map<std::string, std::vector<std::string>> nodes_;
  std::vector<std::string> order_;
};

std::string maker_of(const Network& network, const std::string& value) {
  for (const Node& node : network.nodes)
    for (const std::string& output : node.outputs)
      if (output == value) return node.op;
  return "the network's input";
}

bool over_one_element(const Node& node, const Network& network) {
  try {
    for (const NormPart& part : norm_problem(operation_of(node, network)).parts)
      if (part.statistic == Statistic::MeanVariance && part.set_size() == 1) return true;
  } catch (const std::invalid_argument&) {  // the run itself will say what is wrong
  }
  return false;
}

// Put together from statistics or from a detour by Reshapes; not only moved, nor two operators in one.
bool written_out(const Node& node) {
  return node.origin.find("Reduce") != std::string::npos || node.origin.find("Reshape") != std::string::npos;
}

}  // namespace

std::vector<Advice> static_advice(const Network& network, const std::vector<Step>& steps) {
  Lines lines;
  for (const Step& step : steps) {
    const Node& node = network.nodes[step.nodes.front()];
    if (written_out(node) && find_norm(node.op) != nullptr)
      lines.add(
          node.op + " was exported as primitives and is put together here: a newer opset keeps it whole",
          step.name);
    if (node.op == "BatchNormalization" && node.attributes.get("training_mode", std::int64_t{0}) != 0) {
      lines.add(
          "BatchNormalization is in training mode: it takes the batch's own statistics, cannot be folded, "
          "and gives "
          "other results than the trained ones; call eval() before the export",
          step.name);
    } else if (node.op == "BatchNormalization") {
      const std::string maker = maker_of(network, node.inputs.at(0));
      lines.add("BatchNormalization is fed by " + maker + " and stays an operator" +
                    (maker == "Conv" ? ": others read the convolution's output too, or the run keeps it apart"
                                     : ": only one behind a convolution folds into it"),
                step.name);
    }
    if (find_norm(node.op) != nullptr && over_one_element(node, network))
      lines.add(node.op + " has statistics over one element: its output is beta alone", step.name);
  }
  return lines.take();
}

}  // namespace bpusim
