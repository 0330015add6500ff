// A network written down operator by operator, with the shape of every value, and what becomes of it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/tensor/random.h"
#include "sim/network/patterns.h"
#include "sim/quantise/golden.h"

namespace bpusim {

class Draft {
 public:
  explicit Draft(const Shape& shape) {
    fill("x", random_normal(shape, 0.5, 2, 7));
    network.inputs = {"x"};
  }

  std::string constant(Tensor tensor) {
    const std::string name = "c" + std::to_string(network.values.size());
    fill(name, std::move(tensor)).constant = true;
    return name;
  }
  std::string scalar(double value) { return constant(Tensor({}, {value})); }
  std::string list(const std::vector<double>& values) {
    return constant(Tensor({static_cast<std::int64_t>(values.size())}, values));
  }
  /// Different numbers, none of them 0.
  std::string numbers(const Shape& shape) {
    Tensor tensor = Tensor::filled(shape, 0);
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values[i] = 1 + 0.25 * static_cast<double>(i);
    return constant(std::move(tensor));
  }

  /// A node with as many outputs as asked for; all of their names.
  std::vector<std::string> add_many(const std::string& op, std::vector<std::string> inputs,
                                    Attributes attributes, int outputs) {
    Node node;
    node.name = op + "_" + std::to_string(network.nodes.size());
    node.op = op;
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
    for (int i = 0; i < outputs; ++i) node.outputs.push_back(node.name + "_y" + std::to_string(i));
    network.nodes.push_back(node);
    const GoldenValues golden = evaluate(network);
    for (const std::string& output : node.outputs)
      network.values[output].shape = golden.numbers.at(output).shape;
    return node.outputs;
  }
  std::string add(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {}) {
    return add_many(op, std::move(inputs), std::move(attributes), 1)[0];
  }
  std::string reshape(const std::string& x, const std::vector<double>& shape) {
    return add("Reshape", {x, list(shape)});
  }
  std::string reduce(const std::string& op, const std::string& x, std::vector<std::int64_t> axes,
                     std::int64_t keep = 1) {
    Attributes a;
    a.int_lists["axes"] = std::move(axes);
    a.ints["keepdims"] = keep;
    return add(op, {x}, a);
  }
  std::string mean(const std::string& x, std::vector<std::int64_t> axes) {
    return reduce("ReduceMean", x, std::move(axes));
  }
  std::string cast(const std::string& x, std::int64_t to) {
    Attributes a;
    a.ints["to"] = to;
    return add("Cast", {x}, a);
  }
  Shape shape(const std::string& value) const { return network.values.at(value).shape; }

  /// The recognised network, which gives the same outputs.
  Network done(const std::vector<std::string>& outputs) {
    network.outputs = outputs;
    Network result = recognise(network);
    const GoldenValues before = evaluate(network), after = evaluate(result);
    for (const std::string& output : outputs) {
      const auto &want = before.numbers.at(output).values, &got = after.numbers.at(output).values;
      EXPECT_EQ(want.size(), got.size());
      for (std::size_t i = 0; i < std::min(want.size(), got.size()); ++i)
        EXPECT_NEAR(got[i], want[i], 1e-6 * (1 + std::abs(want[i]))) << output << "[" << i << "]";
    }
    return result;
  }
  Network done(const std::string& output) { return done(std::vector<std::string>{output}); }

  /// The one node that is left; "ReduceMean, Sub, ..." where there are more.
  std::string only(const std::string& output) {
    const Network result = done(output);
    std::string ops;
    for (const Node& node : result.nodes) ops += (ops.empty() ? "" : ", ") + node.op;
    last = result.nodes.back();
    return ops;
  }

  Network network;
  Node last;  ///< of what only() left

 private:
  Value& fill(const std::string& name, Tensor tensor) {
    Value& value = network.values[name];
    value.hold(std::move(tensor));
    return value;
  }
};

}  // namespace bpusim
