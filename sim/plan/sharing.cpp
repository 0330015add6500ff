#include "sim/plan/sharing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/operators/families/split_concat.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

class Planner {
 public:
  Planner(const Network& network, const std::vector<Step>& steps) : network_(network), steps_(steps) {
    for (const Node& node : network.nodes) read_.insert(node.inputs.begin(), node.inputs.end());
  }

  Sharing plan() {
    for (const Step& step : steps_) visit(step);
    for (const auto& [name, part] : sharing_.parts) sharing_.grid_classes[name] = class_of(name);
    for (const auto& [name, value] : network_.values)
      if (is_exact(value.dtype)) sharing_.exact[name] = value.dtype;
    return std::move(sharing_);
  }

 private:
  void visit(const Step& step) {
    const Node &first = network_.nodes[step.nodes.front()], &last = network_.nodes[step.nodes.back()];
    const OperatorDefinition* row = find_operator(first.op);
    const auto inputs = inputs_of(step, network_);
    for (const std::string& input : inputs) add(input);
    const bool pieces = first.op == "Split" && step.on_bpu();
    // The CPU writes what is wanted: the states of a recurrent layer, perhaps, and not all of its steps.
    const std::string& main = last.outputs[0];
    const bool wanted =
        last.outputs.size() == 1 || !step.on_cpu() || read_.count(main) != 0 || is_output(main);
    for (std::size_t i = 0; i < last.outputs.size(); ++i)
      if ((i == 0 && wanted) || first.op == "Split" || (step.on_cpu() && is_wanted(last, i)))
        add(last.outputs[i]);
    if (!step.on_bpu() || row == nullptr || inputs.empty()) return;
    if (row->alias) place_within(last.outputs[0], inputs[0], 0);
    if (row->keeps_grid && step.nodes.size() == 1)
      for (std::size_t i = 0; i < (pieces ? last.outputs.size() : 1); ++i) join(last.outputs[i], inputs[0]);
    if (pieces) cut(first, inputs[0]);
    if (first.op == "Concat") {
      for (const std::string& input : inputs) join(input, first.outputs[0]);
      glue(first, inputs);
    }
  }

  // Of outputs beyond the first. Running statistics that only leave the network are no tensors.
  bool is_wanted(const Node& node, std::size_t output) const {
    const std::string& value = node.outputs[output];
    return read_.count(value) != 0 || (is_output(value) && node.op != "BatchNormalization");
  }

  void add(const std::string& value) {
    if (value.empty() || network_.values.at(value).dtype == DType::String) return;
    if (sharing_.parts.emplace(value, Sharing::Part{value, 0}).second) {
      class_.emplace(value, static_cast<int>(class_.size()));
      members_[value].insert(value);
    }
  }

  // `value`, a root so far, and all that lies in it, becomes a part of `whole` from `offset` on.
  void place_within(const std::string& value, const std::string& whole, std::int64_t offset) {
    const Sharing::Part& at = sharing_.parts.at(whole);
    const std::string root = at.root;
    const std::int64_t base = at.offset + offset;
    const std::set<std::string> moved = members_[value];
    members_.erase(value);
    for (const std::string& member : moved) {
      Sharing::Part& part = sharing_.parts.at(member);
      part = {root, part.offset + base};
      members_[root].insert(member);
    }
  }

  bool is_root(const std::string& value) const { return sharing_.parts.at(value).root == value; }
  bool is_output(const std::string& value) const {
    return std::find(network_.outputs.begin(), network_.outputs.end(), value) != network_.outputs.end();
  }
  bool is_given(const std::string& value) const {
    return network_.values.at(value).constant ||
           std::find(network_.inputs.begin(), network_.inputs.end(), value) != network_.inputs.end();
  }

  void cut(const Node& split, const std::string& whole) {
    if (rows_before(split, network_.shape_of(whole)) != 1) return;
    std::int64_t at = 0;
    for (const std::string& piece : split.outputs) {
      if (piece.empty()) return;
      place_within(piece, whole, at);
      at += element_count(network_.shape_of(piece));
    }
  }

  // Each input that is a tensor of its own is made where the result wants it. One that is read twice here, or
  // lies elsewhere already, or is given to the network, is copied.
  void glue(const Node& concat, const std::vector<std::string>& inputs) {
    const std::string& whole = concat.outputs[0];
    if (rows_before(concat, network_.shape_of(whole)) != 1) return;
    std::int64_t at = 0;
    for (const std::string& input : inputs) {
      const std::int64_t elements = element_count(network_.shape_of(input));
      if (is_root(input) && !is_given(input) && !is_output(input)) place_within(input, whole, at);
      at += elements;
    }
  }

  int class_of(const std::string& value) {
    int c = class_.at(value);
    while (joined_.count(c) != 0) c = joined_.at(c);
    return c;
  }
  void join(const std::string& a, const std::string& b) {
    const int ca = class_of(a), cb = class_of(b);
    if (ca != cb) joined_[std::max(ca, cb)] = std::min(ca, cb);
  }

  const Network& network_;
  const std::vector<Step>& steps_;
  Sharing sharing_;
  std::set<std::string> read_;  // by nodes
  std::map<std::string, int> class_;
  std::map<int, int> joined_;
  std::map<std::string, std::set<std::string>> members_;  // of each root
};

}  // namespace

Sharing plan_sharing(const Network& network, const std::vector<Step>& steps, std::set<std::string> floats) {
  Sharing sharing = Planner(network, steps).plan();
  sharing.float32 = std::move(floats);
  return sharing;
}

}  // namespace bpusim
