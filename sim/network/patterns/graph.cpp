#include "sim/network/patterns/graph.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace bpusim {

namespace {

// TensorProto's float, float16, double and bfloat16.
bool to_float(const Node& cast) {
  const std::int64_t to = cast.attributes.get("to", std::int64_t{1});
  return to == 1 || to == 10 || to == 11 || to == 16;
}

bool reshapes(const Node& node) {
  return node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" || node.op == "Unsqueeze";
}

void set_constant(Value& value, const Tensor& tensor) {
  value.constant = true;
  value.hold(tensor);
}

}  // namespace

NetworkGraph::NetworkGraph(Network network)
    : network_(std::move(network)), names_(network_), alive_(network_.nodes.size(), 1) {
  for (std::size_t n = 0; n < size(); ++n) connect(n);
  for (const std::string& output : network_.outputs) outputs_[output] = 1;
}

void NetworkGraph::connect(std::size_t n) {
  for (const std::string& output : node(n).outputs)
    if (!output.empty()) makers_[output] = n;
  for (const std::string& input : node(n).inputs)
    if (!input.empty()) readers_[input].push_back(n);
}

void NetworkGraph::disconnect(std::size_t n) {
  for (const std::string& output : node(n).outputs) makers_.erase(output);
  for (const std::string& input : node(n).inputs) {
    auto& readers = readers_[input];
    readers.erase(std::remove(readers.begin(), readers.end(), n), readers.end());
  }
}

std::optional<std::size_t> NetworkGraph::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? std::nullopt : std::optional<std::size_t>(found->second);
}

bool NetworkGraph::copies(const Node& node) const {
  return !node.inputs.empty() &&
         (node.op == "Identity" || (node.op == "Cast" && to_float(node)) ||
          (node.op == "Dropout" && (node.inputs.size() < 3 || node.inputs[2].empty())) || reshapes(node));
}

std::optional<std::string> NetworkGraph::before_reshape(const std::string& value, Trail& trail) const {
  const auto made = maker(value);
  if (!made || !copies(node(*made)) || node(*made).outputs[0] != value) return std::nullopt;
  trail.push_back(*made);
  return node(*made).inputs[0];
}

std::string NetworkGraph::root(const std::string& value, Trail& trail) const {
  std::string at = value;
  for (Trail step;; step.clear()) {
    const auto before = before_reshape(at, step);
    if (!before) return at;
    if (reshapes(node(step[0])) && (!shape(at) || shape(at) != shape(*before))) return at;
    trail.push_back(step[0]);
    at = *before;
  }
}

std::string NetworkGraph::root(const std::string& value) const {
  Trail unused;
  return root(value, unused);
}

std::string NetworkGraph::unshaped(const std::string& value, Trail& trail) const {
  std::string at = value;
  while (const auto before = before_reshape(at, trail)) at = *before;
  return at;
}

namespace {

// Models may be malformed, and are looked at before anything else checks them.
bool has_operands(const Node& node) {
  const bool two =
      node.op == "Add" || node.op == "Sub" || node.op == "Mul" || node.op == "Div" || node.op == "Pow";
  return two ? node.inputs.size() == 2 : !node.inputs.empty();
}

}  // namespace

const Node* NetworkGraph::find(const std::string& value, const std::string& op, Trail& trail) const {
  Trail walked;
  const auto made = maker(root(value, walked));
  if (!made || node(*made).op != op || !has_operands(node(*made))) return nullptr;
  trail.insert(trail.end(), walked.begin(), walked.end());
  trail.push_back(*made);
  return &node(*made);
}

std::vector<std::size_t> NetworkGraph::readers(const std::string& value) const {
  const auto found = readers_.find(value);
  return found == readers_.end() ? std::vector<std::size_t>{} : found->second;
}

bool NetworkGraph::leaves(const std::string& value) const {
  return outputs_.count(value) != 0;
}

std::optional<Shape> NetworkGraph::shape(const std::string& value) const {
  const auto found = network_.values.find(value);
  if (found == network_.values.end()) return std::nullopt;
  const Shape& shape = found->second.shape;
  const bool known = std::all_of(shape.begin(), shape.end(), [](std::int64_t e) { return e > 0; });
  if (!known || (shape.empty() && !found->second.constant)) return std::nullopt;
  return shape;
}

const Tensor* NetworkGraph::constant(const std::string& name) const {
  const auto found = network_.values.find(name);
  if (found == network_.values.end() || !found->second.constant) return nullptr;
  const Value& value = found->second;
  if (!value.stored) return value.data.get();
  auto& read = read_[name];
  if (!read) read = value.numbers();
  return read.get();
}

std::optional<double> NetworkGraph::scalar(const std::string& name) const {
  const Tensor* tensor = constant(name);
  return tensor != nullptr && tensor->size() == 1 ? std::optional<double>(tensor->values[0]) : std::nullopt;
}

bool NetworkGraph::is_scalar(const std::string& value, double expected) const {
  const auto number = scalar(value);
  return number && std::abs(*number - expected) <= 1e-4 * std::abs(expected);
}

std::vector<std::int64_t> NetworkGraph::integers(const Node& node, const char* name,
                                                 std::size_t input) const {
  auto values = node.attributes.get(name, std::vector<std::int64_t>{});
  if (values.empty() && input < node.inputs.size() && constant(node.inputs[input]) != nullptr)
    for (const double v : constant(node.inputs[input])->values)
      values.push_back(static_cast<std::int64_t>(v));
  return values;
}

std::optional<Trail> NetworkGraph::removable(const Match& match, std::size_t last) const {
  Trail nodes = match.nodes;
  std::sort(nodes.rbegin(), nodes.rend());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::set<std::size_t> gone = {last};
  const std::set<std::string> results(match.extra.begin(), match.extra.end());
  for (const std::size_t n : nodes) {
    if (n == last) continue;
    bool inside = true;
    for (const std::string& output : node(n).outputs) {
      if (results.count(output) != 0) continue;
      const auto value = network_.values.find(output);
      inside = inside && !leaves(output) && !(value != network_.values.end() && value->second.grid);
      for (const std::size_t reader : readers(output)) inside = inside && gone.count(reader) != 0;
    }
    if (inside) gone.insert(n);
    if (!inside && !copies(node(n))) return std::nullopt;
  }
  for (const std::string& result : match.extra)
    for (const std::size_t reader : readers(result))
      if (gone.count(reader) == 0 && reader < last) return std::nullopt;
  if (gone.size() < 2) return std::nullopt;
  return Trail(gone.begin(), gone.end());
}

bool NetworkGraph::apply(const Match& match, std::size_t last) {
  const auto gone = removable(match, last);
  if (!gone) return false;
  Node replacement = match.replacement;
  std::string ops;
  for (const std::size_t n : *gone) {
    const Node& part = node(n);
    ops += (ops.empty() ? "" : ", ") + (part.origin.empty() ? part.op : part.op + " (" + part.origin + ")");
  }
  replacement.origin = ops + " (nodes " + node(gone->front()).name + " to " + node(gone->back()).name + ")";
  for (const std::string& result : match.extra) replacement.outputs.push_back(result);
  for (const std::size_t n : *gone) {
    disconnect(n);
    alive_[n] = 0;
  }
  for (const auto& [name, tensor] : match.constants) {
    const std::string free = names_.take(name);
    // The last one: a value of the file that has the name may be an input before it.
    *std::find(replacement.inputs.rbegin(), replacement.inputs.rend(), name) = free;
    set_constant(network_.values[free], tensor);
  }
  network_.nodes[last] = std::move(replacement);
  alive_[last] = 1;
  connect(last);
  return true;
}

Network NetworkGraph::take() {
  std::vector<Node> nodes;
  for (std::size_t n = 0; n < size(); ++n)
    if (alive(n)) nodes.push_back(std::move(network_.nodes[n]));
  network_.nodes = std::move(nodes);
  return std::move(network_);
}

std::optional<std::string> beside_scalar(const NetworkGraph& g, const Node& node, double value) {
  if (node.inputs.size() != 2) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i)
    if (g.is_scalar(node.inputs[i], value)) return node.inputs[1 - i];
  return std::nullopt;
}

std::optional<BesideConstant> beside_constant(const NetworkGraph& g, const Node& node) {
  if (node.inputs.size() != 2) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i)
    if (g.constant(node.inputs[i]) != nullptr && g.constant(node.inputs[1 - i]) == nullptr)
      return BesideConstant{node.inputs[1 - i], node.inputs[i]};
  return std::nullopt;
}

Match match_of(const NetworkGraph& g, Trail nodes, std::size_t last, const std::string& op,
               std::vector<std::string> inputs) {
  Match match;
  match.nodes = std::move(nodes);
  match.nodes.push_back(last);
  match.replacement = g.node(last);
  match.replacement.op = op;
  match.replacement.domain.clear();
  match.replacement.attributes = {};
  match.replacement.inputs = std::move(inputs);
  match.replacement.outputs.resize(1);
  match.replacement.opset = 21;  // the forms that rules write are the newest
  return match;
}

void add_constant(Match& match, const char* name, Tensor values) {
  const std::string full = match.replacement.name + "." + name;
  match.constants.emplace_back(full, std::move(values));
  match.replacement.inputs.push_back(full);
}

}  // namespace bpusim
