// What a run gives of the network's outputs: those that are no tensors of the machine, too.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/run/quantised_models.h"

namespace bpusim {
namespace {

using testing::QuantisedModel;
using testing::Ran;
using testing::run_model;
using testing::set_int;

// x of 0 to 7 a channel, mean 3.5, variance 5.25: momentum 0.75 keeps 3/4 of 2 and 4. They are no tensors of
// the machine, and leave all the same.
TEST(GivenOutputs, RunningStatisticsAreAmongThem) {
  QuantisedModel model(15);
  model.input("x", {2, 1, 4});
  for (const char* name : {"s", "b"}) model.weights(name, {1}, {1});
  model.weights("m", {1}, {2});
  model.weights("v", {1}, {4});
  onnx::NodeProto& norm = model.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y", "rm", "rv"}, "n");
  set_int(norm, "training_mode", 1);
  testing::set_float(norm, "momentum", 0.75F);
  model.output("rm", {1});
  model.output("rv", {1});
  const auto left = run_model(model, {{"x", Tensor({2, 1, 4}, {0, 1, 2, 3, 4, 5, 6, 7})}}).outputs;
  ASSERT_EQ(left.count("rm"), 1U);
  ASSERT_EQ(left.count("rv"), 1U);
  EXPECT_NEAR(left.at("rm").values.at(0), 0.75 * 2 + 0.25 * 3.5, 0.02);
  EXPECT_NEAR(left.at("rv").values.at(0), 0.75 * 4 + 0.25 * 5.25, 0.05);
}

// Beside text, which no tensor file holds.
TEST(GivenOutputs, TextIsNotAmongThem) {
  RunSpec spec;
  Network& network = spec.network;
  network.values["s"].dtype = DType::String;
  network.values["s"].shape = {2};
  network.values["s"].text = StringTensor{{2}, {"Ab", "cD"}};
  network.values["x"].hold(Tensor({1, 2}, {1, -1}));
  network.inputs = {"s", "x"};
  for (const auto& [op, from, to] : {std::tuple("StringNormalizer", "s", "t"), {"Relu", "x", "y"}}) {
    Node node;
    node.name = node.op = op;
    node.inputs = {from};
    node.outputs = {to};
    network.nodes.push_back(node);
    network.outputs.emplace_back(to);
  }
  network.nodes[0].attributes.strings["case_change_action"] = "LOWER";
  const Ran ran = run_model(spec);
  EXPECT_EQ(ran.outputs.size(), 1U);
  EXPECT_EQ(ran.outputs.count("y"), 1U);
}

}  // namespace
}  // namespace bpusim
