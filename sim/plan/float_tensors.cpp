#include "sim/plan/float_tensors.h"

#include <algorithm>
#include <map>

#include "sim/network/free_names.h"
#include "sim/operators/families/quantise.h"
#include "sim/operators/operator.h"
#include "sim/plan/copies.h"

namespace bpusim {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_alias(const Node& node) {
  const OperatorDefinition* row = find_operator(node.op);
  return row != nullptr && row->alias;
}

// Values that are the same bytes, and who touches them.
struct Family {
  std::set<std::string> values;
  bool made_by_bpu = false, given_grid = false, read_by_cpu = false, leaves = false;
  std::map<std::string, std::set<std::size_t>> bpu_readers;  // steps, by value

  bool on_grid() const {
    return made_by_bpu || given_grid || (!bpu_readers.empty() && !read_by_cpu && !leaves);
  }
};

class Splitter {
 public:
  Splitter(Network& network, std::vector<Step>& steps) : network_(network), steps_(steps), names_(network) {}

  std::set<std::string> split() {
    for (std::size_t s = 0; s < steps_.size(); ++s) visit(s);
    std::set<std::string> floats;
    for (auto& [number, family] : families_) {
      if (family.on_grid()) continue;
      floats.insert(family.values.begin(), family.values.end());
      for (const auto& [value, readers] : family.bpu_readers) copy_for_bpu(value, readers);
    }
    insert_copies(copies_, network_, steps_, names_);
    return floats;
  }

 private:
  bool is_float(const std::string& value) const {
    const auto found = network_.values.find(value);  // outputs that nobody wants need not be there
    return found != network_.values.end() && found->second.dtype == DType::Float32;
  }

  Family& family_of(const std::string& value) {
    const auto [number, fresh] = numbers_.emplace(value, numbers_.size());
    Family& family = families_[number->second];
    if (!fresh) return family;
    const bool given = network_.values.at(value).constant || contains(network_.inputs, value);
    family.values.insert(value);
    family.given_grid = family.given_grid || network_.values.at(value).grid.has_value();
    family.leaves = family.leaves || (!given && contains(network_.outputs, value));
    return family;
  }

  void visit(std::size_t s) {
    const Step& step = steps_[s];
    const Node &first = network_.nodes[step.nodes.front()], &last = network_.nodes[step.nodes.back()];
    const auto inputs = inputs_of(step, network_);
    if (step.on_bpu() && is_alias(first)) {
      const std::string &from = first.inputs.at(0), &to = last.outputs.at(0);
      if (!is_float(from) || !is_float(to)) return;
      family_of(from);
      numbers_[to] = numbers_.at(from);
      Family& family = family_of(to);
      family.values.insert(to);
      family.given_grid = family.given_grid || network_.values.at(to).grid.has_value();
      family.leaves = family.leaves || contains(network_.outputs, to);
      return;
    }
    for (const std::string& input : inputs) {
      if (!is_float(input)) continue;
      Family& family = family_of(input);
      if (step.on_bpu())
        family.bpu_readers[input].insert(s);
      else
        family.read_by_cpu = true;
    }
    for (const std::string& output : last.outputs)
      if (is_float(output)) family_of(output).made_by_bpu = step.on_bpu() && first.op != kDequantise;
  }

  // The readers take the copy's name. A constant needs no node: it is held once more.
  void copy_for_bpu(const std::string& value, const std::set<std::size_t>& readers) {
    const ValueCopy copy{
        value,
        names_.take(value + ".quantised"),
        kQuantise,
        {Placement::Where::Cpu,
         "operators on the CPU take '" + value + "' as float32, those on the BPU its codes", ""}};
    for (const std::size_t s : readers) read_copy(copy, network_, steps_[s].nodes);
    if (!network_.values.at(value).constant) copies_.push_back(copy);
  }

  Network& network_;
  std::vector<Step>& steps_;
  FreeNames names_;
  std::map<std::string, std::size_t> numbers_;  // of families, by value
  std::map<std::size_t, Family> families_;
  std::vector<ValueCopy> copies_;
};

}  // namespace

std::set<std::string> keep_floats(Network& network, std::vector<Step>& steps) {
  return Splitter(network, steps).split();
}

std::vector<std::string> quantised_copies(const Network& network, const std::string& value) {
  std::vector<std::string> copies;
  for (const Node& node : network.nodes) {
    if (node.inputs.empty() || node.inputs[0] != value) continue;
    if (node.op == kQuantise) copies.push_back(node.outputs[0]);
    if (!is_alias(node)) continue;
    const auto more = quantised_copies(network, node.outputs.at(0));
    copies.insert(copies.end(), more.begin(), more.end());
  }
  return copies;
}

}  // namespace bpusim
