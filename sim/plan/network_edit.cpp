#include "sim/plan/network_edit.h"

#include <algorithm>
#include <utility>

namespace bpusim {

NetworkEdit::NetworkEdit(Network network)
    : network_(std::move(network)), names_(network_), alive_(network_.nodes.size(), 1) {
  for (const std::string& name : network_.outputs) outputs_[name] = 1;
  for (const std::string& name : network_.inputs) inputs_[name] = 1;
  for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
    for (const std::string& input : network_.nodes[n].inputs) readers_[input].push_back(n);
    for (const std::string& output : network_.nodes[n].outputs) makers_[output] = n;
  }
}

std::optional<std::size_t> NetworkEdit::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? std::nullopt : std::optional<std::size_t>(found->second);
}

const std::vector<std::size_t>& NetworkEdit::readers(const std::string& value) const {
  static const std::vector<std::size_t> none;
  const auto found = readers_.find(value);
  return found == readers_.end() ? none : found->second;
}

bool NetworkEdit::leaves(const std::string& value) const {
  return outputs_.count(value) != 0;
}

bool NetworkEdit::is_input(const std::string& value) const {
  return inputs_.count(value) != 0;
}

std::size_t NetworkEdit::add(Node node) {
  const std::size_t n = network_.nodes.size();
  for (const std::string& input : node.inputs) readers_[input].push_back(n);
  for (const std::string& output : node.outputs) makers_[output] = n;
  network_.nodes.push_back(std::move(node));
  alive_.push_back(1);
  return n;
}

void NetworkEdit::forget(std::size_t n) {
  for (const std::string& input : network_.nodes[n].inputs) {
    auto& readers = readers_[input];
    readers.erase(std::remove(readers.begin(), readers.end(), n), readers.end());
  }
}

void NetworkEdit::remove(std::size_t n) {
  forget(n);
  for (const std::string& output : network_.nodes[n].outputs)
    if (const auto made = makers_.find(output); made != makers_.end() && made->second == n)
      makers_.erase(made);
  alive_[n] = 0;
}

void NetworkEdit::read(std::size_t n, std::size_t input, const std::string& value) {
  forget(n);
  network_.nodes[n].inputs.at(input) = value;
  for (const std::string& name : network_.nodes[n].inputs) readers_[name].push_back(n);
}

void NetworkEdit::redirect(const std::string& from, const std::string& to) {
  const std::vector<std::size_t> readers = std::move(readers_[from]);
  readers_.erase(from);
  for (const std::size_t n : readers) {
    auto& inputs = network_.nodes[n].inputs;
    std::replace(inputs.begin(), inputs.end(), from, to);
  }
  auto& more = readers_[to];
  more.insert(more.end(), readers.begin(), readers.end());
}

void NetworkEdit::make_as(std::size_t n, std::size_t output, const std::string& name) {
  std::string& made = network_.nodes[n].outputs.at(output);
  if (const auto found = makers_.find(made); found != makers_.end() && found->second == n)
    makers_.erase(found);
  made = name;
  makers_[name] = n;
}

Network NetworkEdit::take() {
  std::vector<Node> ordered;
  std::vector<char> done(network_.nodes.size(), 0);
  std::vector<std::size_t> waiting;
  for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
    waiting.push_back(n);
    while (!waiting.empty()) {
      const std::size_t at = waiting.back();
      if (done[at] != 0 || alive_[at] == 0) {
        waiting.pop_back();
        continue;
      }
      const std::size_t before = waiting.size();
      for (const std::string& input : network_.nodes[at].inputs)
        if (const auto made = makers_.find(input);
            made != makers_.end() && done[made->second] == 0 && alive_[made->second] != 0)
          waiting.push_back(made->second);
      if (waiting.size() != before) continue;
      done[at] = 1;
      waiting.pop_back();
      ordered.push_back(std::move(network_.nodes[at]));
    }
  }
  network_.nodes = std::move(ordered);
  return std::move(network_);
}

}  // namespace bpusim
