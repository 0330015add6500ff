#include "sim/plan/expansion.h"

#include <algorithm>

#include "sim/network/free_names.h"

namespace bpusim {

namespace {

bool takes_many(const Node& node) {
  return node.op == "Sum" || node.op == "Mean" || node.op == "Min" || node.op == "Max";
}

void add_chain(const Node& node, FreeNames& names, Network& network) {
  const auto operands = static_cast<std::int64_t>(node.inputs.size());
  std::string sum = node.inputs[0];
  Node bare = node;  // a copy of the node for each link would keep room for all operands in each
  bare.inputs.clear();
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const bool last = i + 1 == node.inputs.size();
    Node link = bare;
    link.inputs = {sum, node.inputs[i]};
    if (!last) {
      link.name = names.take(node.name + "/" + std::to_string(i));
      link.outputs = {link.name};
    }
    if (node.op == "Mean") link.attributes.ints["divisor"] = last ? operands : 1;
    sum = link.outputs[0];
    network.nodes.push_back(std::move(link));
  }
}

// [channels, channels, 1, 1]: what each channel of the sum takes of each channel's square.
Tensor band(const Node& lrn, std::int64_t channels) {
  const std::int64_t size = lrn.attributes.get("size", std::int64_t{1});
  const double share = lrn.attributes.get("alpha", 1e-4) / static_cast<double>(size);
  Tensor weights = Tensor::filled({channels, channels, 1, 1}, 0);
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int64_t first = std::max<std::int64_t>(0, c - (size - 1) / 2),
                       last = std::min(channels - 1, c + size / 2);
    for (std::int64_t i = first; i <= last; ++i)
      weights.values[static_cast<std::size_t>(c * channels + i)] = share;
  }
  return weights;
}

bool is_of_images(const Node& lrn, const Network& network) {
  const auto x = network.values.find(lrn.inputs.at(0));
  return x != network.values.end() && x->second.shape.size() == 4 && x->second.shape[1] > 0;
}

void add_local_norm(const Node& lrn, FreeNames& names, Network& network) {
  const std::string &x = lrn.inputs[0], &name = lrn.name;
  const std::int64_t channels = network.shape_of(x)[1];
  const auto constant = [&](const char* part, Tensor tensor) {
    std::string taken = names.take(name + "/" + part);
    Value& value = network.values[taken];
    value.constant = true;
    value.hold(std::move(tensor));
    return taken;
  };
  const std::string weights = constant("band", band(lrn, channels)),
                    bias = constant("bias", Tensor::filled({channels}, lrn.attributes.get("bias", 1.0))),
                    power = constant("power", Tensor({}, {-lrn.attributes.get("beta", 0.75)}));
  const auto add = [&](const char* op, const std::string& own_name, const std::vector<std::string>& inputs,
                       const std::string& output) {
    Node node;
    node.name = own_name;
    node.op = op;
    node.opset = lrn.opset;
    node.inputs = inputs;
    node.outputs = {output};
    node.origin = "LRN";
    network.nodes.push_back(std::move(node));
    return output;
  };
  const auto link = [&](const char* op, const char* part, const std::vector<std::string>& inputs) {
    const std::string taken = names.take(name + "/" + part);
    return add(op, taken, inputs, taken);
  };
  const std::string squares = link("Mul", "1", {x, x});
  const std::string sums = link("Conv", "2", {squares, weights, bias});
  const std::string factors = link("Pow", "3", {sums, power});
  add("Mul", name, {x, factors}, lrn.outputs[0]);
}

}  // namespace

Network expanded(const Network& network, const std::function<bool(const std::string&)>& on_bpu) {
  FreeNames names(network);
  Network result = network;
  result.nodes.clear();
  for (const Node& node : network.nodes) {
    if (node.op == "LRN" && is_of_images(node, network) && on_bpu(node.op)) {
      add_local_norm(node, names, result);
      continue;
    }
    if (takes_many(node) && node.inputs.size() > 2) {
      add_chain(node, names, result);
      continue;
    }
    result.nodes.push_back(node);
    if (takes_many(node) && node.inputs.size() == 1) result.nodes.back().op = "Identity";
  }
  return result;
}

}  // namespace bpusim
