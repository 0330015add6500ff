#include "sim/plan/transposes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/free_names.h"
#include "sim/operators/operation.h"

namespace bpusim {

namespace {

// A Transpose, with the arithmetic on its tensor that is for it alone.
struct Branch {
  std::size_t transpose = 0;
  std::vector<std::size_t> numbers;  // nodes in their order
};

using Key = std::pair<std::string, std::vector<std::int64_t>>;  // the tensor, and how it is moved

class Sharer {
 public:
  explicit Sharer(Network network)
      : network_(std::move(network)), names_(network_), gone_(network_.nodes.size(), 0) {
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      for (const std::string& input : network_.nodes[n].inputs) ++readers_[input];
      for (const std::string& output : network_.nodes[n].outputs) makers_[output] = n;
    }
    for (const std::string& output : network_.outputs) ++readers_[output];
  }

  Network run() {
    std::map<Key, std::vector<Branch>> groups;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n)
      if (network_.nodes[n].op == "Transpose") add(n, groups);
    for (const auto& [key, branches] : groups)
      if (branches.size() > 1) share(key.first, branches);
    std::vector<Node> nodes;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      if (const auto found = first_.find(n); found != first_.end()) nodes.push_back(std::move(found->second));
      if (gone_[n] == 0) nodes.push_back(std::move(network_.nodes[n]));
    }
    network_.nodes = std::move(nodes);
    return std::move(network_);
  }

 private:
  // The input that is no number, of a sum, difference, product or quotient with one whose result nobody gives
  // a grid.
  std::optional<std::size_t> beside_number(const Node& node) const {
    if (node.inputs.size() != 2 || network_.values.at(node.outputs[0]).grid ||
        (node.op != "Mul" && node.op != "Div" && node.op != "Add" && node.op != "Sub"))
      return std::nullopt;
    for (std::size_t i = 0; i < 2; ++i) {
      const Value &number = network_.values.at(node.inputs[1 - i]),
                  &tensor = network_.values.at(node.inputs[i]);
      if (number.constant && !tensor.constant && element_count(number.shape) == 1 &&
          tensor.shape == network_.shape_of(node.outputs[0]))
        return i;
    }
    return std::nullopt;
  }

  void add(std::size_t transpose, std::map<Key, std::vector<Branch>>& groups) const {
    const Node& node = network_.nodes[transpose];
    std::string value = node.inputs.at(0);
    if (network_.unknown.count(value) != 0) return;
    Branch branch;
    branch.transpose = transpose;
    for (auto maker = makers_.find(value); maker != makers_.end() && readers_.at(value) == 1;
         maker = makers_.find(value)) {
      const auto input = beside_number(network_.nodes[maker->second]);
      if (!input) break;
      branch.numbers.insert(branch.numbers.begin(), maker->second);
      value = network_.nodes[maker->second].inputs[*input];
    }
    groups[{value, node.attributes.get("perm", std::vector<std::int64_t>{})}].push_back(std::move(branch));
  }

  void share(const std::string& tensor, const std::vector<Branch>& branches) {
    Node shared = network_.nodes[branches[0].transpose];
    const Shape shape = network_.shape_of(shared.outputs[0]);
    const auto plain =
        std::find_if(branches.begin(), branches.end(), [](const Branch& b) { return b.numbers.empty(); });
    shared.inputs = {tensor};
    shared.outputs[0] = plain != branches.end() ? network_.nodes[plain->transpose].outputs[0]
                                                : names_.take(shared.name + ".shared");
    network_.values[shared.outputs[0]].shape = shape;
    std::size_t earliest = branches[0].transpose;
    for (const Branch& branch : branches) {
      earliest = std::min(earliest, branch.numbers.empty() ? branch.transpose : branch.numbers.front());
      bring_behind(branch, tensor, shared.outputs[0], shape);
    }
    first_.emplace(earliest, std::move(shared));
  }

  void bring_behind(const Branch& branch, const std::string& tensor, const std::string& moved,
                    const Shape& shape) {
    Node& transpose = network_.nodes[branch.transpose];
    if (branch.numbers.empty()) {
      gone_[branch.transpose] = transpose.outputs[0] == moved ? 1 : 0;
      transpose.op = "Identity";
      transpose.attributes = {};
      transpose.inputs = {moved};
      return;
    }
    gone_[branch.transpose] = 1;
    std::string before = tensor, now = moved;
    for (const std::size_t n : branch.numbers) {
      Node& node = network_.nodes[n];
      std::replace(node.inputs.begin(), node.inputs.end(), before, now);
      before = now = node.outputs[0];
      network_.values[now].shape = shape;
    }
    Node& last = network_.nodes[branch.numbers.back()];
    network_.values.erase(last.outputs[0]);
    last.outputs[0] = transpose.outputs[0];
  }

  Network network_;
  FreeNames names_;
  std::vector<char> gone_;
  std::map<std::string, int> readers_;
  std::map<std::string, std::size_t> makers_;
  std::map<std::size_t, Node> first_;  // what comes before a node
};

}  // namespace

Network shared_transposes(Network network) {
  return Sharer(std::move(network)).run();
}

}  // namespace bpusim
