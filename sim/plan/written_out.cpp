#include "sim/plan/written_out.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/free_names.h"

namespace bpusim {

namespace {

constexpr int kOpset = 13;  // of the primitives: axes are attributes of a ReduceMean

// Writes one norm's primitives to the end of the network.
class Primitives {
 public:
  Primitives(const Node& norm, FreeNames& names, Network& network)
      : norm_(norm), names_(names), network_(network), x_(norm.inputs[0]), shape_(network.shape_of(x_)) {}

  void write_layer(bool centres) {
    const auto rank = static_cast<std::int64_t>(shape_.size());
    const std::int64_t axis = norm_.attributes.get("axis", std::int64_t{-1});
    write_chain(centres, axis < 0 ? axis + rank : axis, norm_.inputs[1], given(2) ? norm_.inputs[2] : "");
  }

  void write_instance() {
    write_chain(true, 2, by_channel(norm_.inputs[1], "scale"), by_channel(norm_.inputs[2], "bias"));
  }

  void write_groups() {
    const std::int64_t groups = norm_.attributes.get("num_groups", std::int64_t{1});
    const auto count = static_cast<double>(groups);
    const std::string flat = add("Reshape", "groups", {x_, list("groups/target", {0, count, -1})});
    Node instance = node("InstanceNormalization", "instance",
                         {flat, constant("ones", Tensor::filled({groups}, 1)),
                          constant("zeros", Tensor::filled({groups}, 0))});
    instance.attributes.floats["epsilon"] = epsilon();
    const std::string normalised = push(std::move(instance));
    const std::string back =
        add("Reshape", "channels", {normalised, list("channels/target", {shape_.begin(), shape_.end()})});
    affine(back, by_channel(norm_.inputs[1], "scale"), by_channel(norm_.inputs[2], "bias"));
  }

 private:
  bool given(std::size_t input) const { return input < norm_.inputs.size() && !norm_.inputs[input].empty(); }
  std::string name_of(const std::string& part) { return names_.take(norm_.name + "/" + part); }
  double epsilon() const { return norm_.attributes.get("epsilon", 1e-5); }

  Node node(const std::string& op, const std::string& part, std::vector<std::string> inputs) {
    Node made;
    made.name = name_of(part);
    made.op = op;
    made.opset = kOpset;
    made.inputs = std::move(inputs);
    made.outputs = {made.name};
    return made;
  }

  std::string push(Node made) {
    network_.nodes.push_back(std::move(made));
    return network_.nodes.back().outputs[0];
  }

  std::string add(const char* op, const std::string& part, std::vector<std::string> inputs) {
    return push(node(op, part, std::move(inputs)));
  }

  // Over all axes from the first one on.
  std::string mean_of(const std::string& value, const std::string& part, std::int64_t first) {
    Node mean = node("ReduceMean", part, {value});
    std::vector<std::int64_t>& axes = mean.attributes.int_lists["axes"];
    for (auto axis = first; axis < static_cast<std::int64_t>(shape_.size()); ++axis) axes.push_back(axis);
    return push(std::move(mean));
  }

  void write_chain(bool centres, std::int64_t first, const std::string& scale, const std::string& bias) {
    const std::string centred = centres ? add("Sub", "centred", {x_, mean_of(x_, "mean", first)}) : x_;
    const std::string square = add("Pow", "square", {centred, scalar("two", 2)});
    const std::string shifted =
        add("Add", "shifted", {mean_of(square, "variance", first), scalar("epsilon", epsilon())});
    affine(add("Div", "normalised", {centred, add("Sqrt", "deviation", {shifted})}), scale, bias);
  }

  // Scale and bias; the last of them is the norm's own node.
  void affine(const std::string& value, const std::string& scale, const std::string& bias) {
    const std::string scaled = add("Mul", "scaled", {value, scale});
    if (!bias.empty()) add("Add", "shifted_by_bias", {scaled, bias});
    Node& last = network_.nodes.back();
    last.name = norm_.name;
    last.outputs[0] = norm_.outputs[0];
  }

  std::string constant(const std::string& part, Tensor tensor) {
    std::string name = name_of(part);
    Value& value = network_.values[name];
    value.constant = true;
    value.hold(std::move(tensor));
    return name;
  }
  std::string scalar(const std::string& part, double number) { return constant(part, Tensor({}, {number})); }
  std::string list(const std::string& part, std::vector<double> numbers) {
    const auto count = static_cast<std::int64_t>(numbers.size());
    return constant(part, Tensor({count}, std::move(numbers)));
  }

  // One element a channel, in a shape that broadcasts over images. What the parameter has one of for several
  // channels in a row (a group, at opset 18) is there as often.
  std::string by_channel(const std::string& parameter, const std::string& part) {
    Shape shape(shape_.size() - 1, 1);
    shape[0] = shape_[1];
    const auto numbers = network_.values.at(parameter).numbers();
    if (numbers != nullptr) {
      const std::size_t each = static_cast<std::size_t>(shape_[1]) / numbers->values.size();
      Tensor tensor = Tensor::filled(shape, 0);
      for (std::size_t c = 0; c < tensor.values.size(); ++c) tensor.values[c] = numbers->values[c / each];
      return constant(part, std::move(tensor));
    }
    std::string name = name_of(part);
    Value& value = network_.values[name];
    value.constant = true;
    value.shape = shape;
    return name;
  }

  const Node norm_;
  FreeNames& names_;
  Network& network_;
  const std::string x_;
  const Shape shape_;
};

bool is_layer_norm(const std::string& op) {
  return op == "LayerNormalization" || op == "RMSNormalization" || op == "SimplifiedLayerNormalization";
}

// Whether an exporter could have written this one out.
bool has_primitives(const Node& norm, const Network& network) {
  const bool by_channel = norm.op == "GroupNormalization" || norm.op == "InstanceNormalization";
  if (!is_layer_norm(norm.op) && !by_channel) return false;
  for (std::size_t i = 1; i < norm.outputs.size(); ++i)
    if (!norm.outputs[i].empty()) return false;
  const std::size_t parameters = by_channel ? 3 : 2;
  if (norm.inputs.size() < parameters) return false;
  for (std::size_t i = 1; i < norm.inputs.size(); ++i)
    if (!norm.inputs[i].empty() && !network.values.at(norm.inputs[i]).constant) return false;
  if (network.unknown.count(norm.inputs[0]) != 0) return false;
  const Shape& x = network.shape_of(norm.inputs[0]);
  if (is_layer_norm(norm.op)) return !x.empty();
  if (norm.op == "InstanceNormalization")
    return x.size() > 2 && element_count(network.shape_of(norm.inputs[1])) == x[1];
  // A scale a channel, or as opset 18 has it a group.
  const std::int64_t groups = norm.attributes.get("num_groups", std::int64_t{1});
  const auto has_one_each = [&](const std::string& parameter) {
    const std::int64_t count = element_count(network.shape_of(parameter));
    return count == x[1] || count == groups;
  };
  return x.size() >= 2 && has_one_each(norm.inputs[1]) && has_one_each(norm.inputs[2]);
}

}  // namespace

Network written_out(const Network& network, const std::function<bool(const Node&)>& wanted) {
  FreeNames names(network);
  Network result = network;
  result.nodes.clear();
  for (const Node& node : network.nodes) {
    if (!has_primitives(node, network) || !wanted(node)) {
      result.nodes.push_back(node);
      continue;
    }
    Primitives primitives(node, names, result);
    if (is_layer_norm(node.op)) {
      primitives.write_layer(node.op == "LayerNormalization");
    } else if (node.op == "InstanceNormalization") {
      primitives.write_instance();
    } else {
      primitives.write_groups();
    }
  }
  return result;
}

}  // namespace bpusim
