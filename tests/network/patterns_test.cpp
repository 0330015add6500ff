#include "sim/network/patterns.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bpusim {
namespace {

// A network written down operator by operator.
class Draft {
 public:
  explicit Draft(Shape shape) {
    network.values["x"].shape = std::move(shape);
    network.inputs = {"x"};
  }
  std::string constant(Tensor tensor) {
    const std::string name = "c" + std::to_string(network.values.size());
    Value& value = network.values[name];
    value.constant = true;
    value.hold(std::move(tensor));
    return name;
  }
  std::string scalar(double value) { return constant(Tensor({}, {value})); }
  std::string add(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {}) {
    Node node;
    node.name = op + "_" + std::to_string(network.nodes.size());
    node.op = op;
    node.inputs = std::move(inputs);
    node.outputs = {node.name + "_y"};
    node.attributes = std::move(attributes);
    network.values[node.outputs[0]].shape = network.values["x"].shape;
    network.nodes.push_back(node);
    return network.nodes.back().outputs[0];
  }
  std::string mean(const std::string& x, std::vector<std::int64_t> axes) {
    Attributes a;
    a.int_lists["axes"] = std::move(axes);
    return add("ReduceMean", {x}, a);
  }
  // (x - mean) / sqrt(mean((x - mean)^2) + epsilon), in the spelling asked for.
  std::string normalised(std::vector<std::int64_t> axes, bool power, bool reciprocal) {
    const std::string d = add("Sub", {"x", mean("x", axes)});
    const std::string squared = power ? add("Pow", {d, scalar(2)}) : add("Mul", {d, d});
    const std::string root = add("Sqrt", {add("Add", {mean(squared, axes), scalar(1e-6)})});
    return reciprocal ? add("Mul", {d, add("Reciprocal", {root})}) : add("Div", {d, root});
  }
  Network done(const std::string& output) {
    network.outputs = {output};
    return recognise(network);
  }
  Network network;
};

TEST(Patterns, LayerNormInAllSpellings) {
  for (const bool power : {true, false}) {
    for (const bool reciprocal : {true, false}) {
      for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{-1}, {2}, {1, 2}, {-2, -1}}) {
        Draft d({2, 5, 8});
        const Shape over = axes.size() == 1 ? Shape{8} : Shape{5, 8};
        const std::string gamma = d.constant(Tensor::filled(over, 2)),
                          beta = d.constant(Tensor::filled(over, 3));
        const Network n =
            d.done(d.add("Add", {d.add("Mul", {d.normalised(axes, power, reciprocal), gamma}), beta}));
        ASSERT_EQ(n.nodes.size(), 1u);
        EXPECT_EQ(n.nodes[0].op, "LayerNormalization");
        EXPECT_EQ(n.nodes[0].attributes.get("axis", std::int64_t{0}),
                  -static_cast<std::int64_t>(axes.size()));
        EXPECT_EQ(n.nodes[0].attributes.get("epsilon", 0.0), 1e-6);
        EXPECT_EQ(n.nodes[0].outputs, n.outputs);
        EXPECT_NE(n.nodes[0].origin.find("ReduceMean, Sub"), std::string::npos);
      }
    }
  }
}

TEST(Patterns, InstanceNormOverHeightAndWidth) {
  Draft d({1, 4, 6, 6});
  const std::string gamma = d.constant(Tensor::filled({4, 1, 1}, 2)),
                    beta = d.constant(Tensor::filled({1, 4, 1, 1}, 3));
  const Network n = d.done(d.add("Add", {d.add("Mul", {d.normalised({2, 3}, true, false), gamma}), beta}));
  ASSERT_EQ(n.nodes.size(), 1u);
  EXPECT_EQ(n.nodes[0].op, "InstanceNormalization");
  EXPECT_EQ(n.values.at(n.nodes[0].inputs[1]).shape, (Shape{4}));
}

TEST(Patterns, RmsNorm) {
  Draft d({2, 8});
  const std::string root =
      d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {"x", "x"}), {-1}), d.scalar(1e-5)})});
  const Network n = d.done(d.add("Mul", {d.add("Div", {"x", root}), d.constant(Tensor::filled({8}, 2))}));
  ASSERT_EQ(n.nodes.size(), 1u);
  EXPECT_EQ(n.nodes[0].op, "RMSNormalization");
}

TEST(Patterns, GroupNormAsPyTorchExportsIt) {
  Draft d({1, 6, 4, 4});
  const std::string in = d.add("Reshape", {"x", d.constant(Tensor({3}, {0, 3, -1}))});
  const std::string norm = d.add(
      "InstanceNormalization", {in, d.constant(Tensor::filled({3}, 1)), d.constant(Tensor::filled({3}, 0))});
  const std::string back = d.add("Reshape", {norm, d.constant(Tensor({4}, {1, 6, 4, 4}))});
  const std::string gamma = d.constant(Tensor::filled({6, 1, 1}, 2)),
                    beta = d.constant(Tensor::filled({6, 1, 1}, 3));
  const Network n = d.done(d.add("Add", {d.add("Mul", {back, gamma}), beta}));
  ASSERT_EQ(n.nodes.size(), 1u);
  EXPECT_EQ(n.nodes[0].op, "GroupNormalization");
  EXPECT_EQ(n.nodes[0].attributes.get("num_groups", std::int64_t{0}), 3);
}

TEST(Patterns, HardSwishSiluAndGelu) {
  {
    Draft d({1, 8});
    const std::string clip = d.add("Clip", {d.add("Add", {"x", d.scalar(3)}), d.scalar(0), d.scalar(6)});
    const Network n = d.done(d.add("Div", {d.add("Mul", {"x", clip}), d.scalar(6)}));
    ASSERT_EQ(n.nodes.size(), 1u);
    EXPECT_EQ(n.nodes[0].op, "HardSwish");
  }
  {
    Draft d({1, 8});
    const Network n = d.done(d.add("Mul", {"x", d.add("Sigmoid", {"x"})}));
    ASSERT_EQ(n.nodes.size(), 1u);
    EXPECT_EQ(n.nodes[0].op, "SiLU");
  }
  for (const bool half_first : {false, true}) {
    Draft d({1, 8});
    const std::string one =
        d.add("Add", {d.add("Erf", {d.add("Div", {"x", d.scalar(std::sqrt(2.0))})}), d.scalar(1)});
    const std::string y = half_first ? d.add("Mul", {d.add("Mul", {"x", d.scalar(0.5)}), one})
                                     : d.add("Mul", {d.add("Mul", {"x", one}), d.scalar(0.5)});
    const Network n = d.done(y);
    ASSERT_EQ(n.nodes.size(), 1u) << half_first;
    EXPECT_EQ(n.nodes[0].op, "Gelu");
  }
}

// A value that somebody else reads too must stay, and so must everything that is only nearly a norm.
TEST(Patterns, LeavesAloneWhatItMust) {
  {
    Draft d({2, 8});
    const std::string scaled =
        d.add("Mul", {d.normalised({-1}, true, false), d.constant(Tensor::filled({8}, 2))});
    const std::string y = d.add("Add", {scaled, d.constant(Tensor::filled({8}, 3))});
    d.network.outputs = {y, scaled};
    const Network n = recognise(d.network);
    EXPECT_EQ(n.nodes.back().op, "Add");  // the norm without its beta may be put together, the sum stays
  }
  {
    Draft d({2, 8, 4});  // over the middle axis: no LayerNormalization
    const std::string y =
        d.add("Mul", {d.normalised({1}, true, false), d.constant(Tensor::filled({8, 1}, 2))});
    EXPECT_EQ(d.done(y).nodes.size(), 8u);
  }
  {
    Draft d({1, 8});  // a Clip at 5
    const std::string clip = d.add("Clip", {d.add("Add", {"x", d.scalar(3)}), d.scalar(0), d.scalar(5)});
    EXPECT_EQ(d.done(d.add("Div", {d.add("Mul", {"x", clip}), d.scalar(6)})).nodes.size(), 4u);
  }
}

}  // namespace
}  // namespace bpusim
