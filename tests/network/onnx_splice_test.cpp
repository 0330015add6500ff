// Branches and functions that become part of the graph, and what is refused instead.
#include <gtest/gtest.h>

#include <functional>

#include "sim/input_error.h"
#include "sim/network/onnx/import.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

using testing::Model;
using testing::Names;
using testing::set_float;
using testing::set_int;

std::string error_of(const Model& model, const Dimensions& dims = {}) {
  try {
    parse_onnx(model.bytes(), "m.onnx", "", dims);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

Network network_of(const Model& model, const Dimensions& dims = {}) {
  return parse_onnx(model.bytes(), "m.onnx", "", dims);
}

// y = condition ? x + one : -x, both branches with the same inner names.
Model conditional(const std::function<std::string(Model&)>& make_condition) {
  Model model;
  model.open_input("x", "N", {4});
  model.output("y", {1, 4});
  const std::string condition = make_condition(model);
  onnx::NodeProto& node = model.node("If", {condition}, {"y"}, "choice");
  onnx::GraphProto& yes = testing::set_graph(node, "then_branch");
  testing::fill(*yes.add_initializer(), "one", {1}, {1});
  testing::add_node(yes, "Relu", {"x"}, {"h"}, "inner");  // x is captured
  testing::add_node(yes, "Add", {"h", "one"}, {"result"}, "sum");
  testing::declare(*yes.add_output(), "result", {1, 4});
  onnx::GraphProto& no = testing::set_graph(node, "else_branch");
  testing::add_node(no, "Neg", {"x"}, {"h"}, "inner");
  testing::declare(*no.add_output(), "h", {1, 4});
  return model;
}

Names operators(const Network& network) {
  Names ops;
  for (const Node& node : network.nodes) ops.push_back(node.op);
  return ops;
}

TEST(OnnxIf, ConstantConditionTakesItsBranch) {
  for (const bool value : {true, false}) {
    const Model model = conditional([&](Model& m) {
      testing::fill_bool(*m.graph().add_initializer(), "c", value);
      return "c";
    });
    const Network network = network_of(model, {{"N", 1}});
    EXPECT_EQ(operators(network), value ? (Names{"Relu", "Add"}) : Names{"Neg"});
    EXPECT_EQ(network.nodes.front().inputs, Names{"x"});
    EXPECT_EQ(network.nodes.back().outputs, Names{"y"});
    EXPECT_EQ(network.nodes.back().name, value ? "choice/sum" : "choice/inner");
    EXPECT_EQ(network.values.count("choice/one"), value ? 1u : 0u);
  }
}

// Constants through Identity, Cast and Not; the nodes of the condition are gone.
TEST(OnnxIf, ChainsOfConstants) {
  const Network network = network_of(conditional([](Model& m) {
    m.integers("zero", {0});
    m.node("Identity", {"zero"}, {"a"});
    set_int(m.node("Cast", {"a"}, {"b"}), "to", onnx::TensorProto::BOOL);
    m.node("Not", {"b"}, {"c"});
    return "c";
  }));
  EXPECT_EQ(operators(network), (Names{"Relu", "Add"}));  // not 0
}

// Shape, Gather, Equal, as exporters write a question about the batch.
Model asks_for_batch_of_one() {
  return conditional([](Model& m) {
    m.integers("index", {0});
    m.integers("one_i", {1});
    m.node("Shape", {"x"}, {"s"});
    m.node("Gather", {"s", "index"}, {"n"});
    m.node("Equal", {"n", "one_i"}, {"c"});
    return "c";
  });
}

TEST(OnnxIf, DeclaredShapes) {
  EXPECT_EQ(operators(network_of(asks_for_batch_of_one(), {{"N", 1}})), (Names{"Relu", "Add"}));
  EXPECT_EQ(operators(network_of(asks_for_batch_of_one(), {{"N", 2}})), Names{"Neg"});
  EXPECT_EQ(error_of(asks_for_batch_of_one()), "m.onnx: If 'choice': its condition is not constant");
}

TEST(OnnxIf, AConditionThatOthersReadStays) {
  Model model = asks_for_batch_of_one();
  model.node("Identity", {"n"}, {"batch"});
  model.output("batch", {1});
  EXPECT_EQ(operators(network_of(model, {{"N", 1}})), (Names{"Shape", "Gather", "Relu", "Add", "Identity"}));
}

TEST(OnnxIf, BranchesThatHandOnWhatTheyWereGiven) {
  Model model = conditional([&](Model& m) {
    testing::fill_bool(*m.graph().add_initializer(), "c", false);
    return "c";
  });
  auto& no = *model.graph().mutable_node(0)->mutable_attribute(1)->mutable_g();
  no.mutable_output(0)->set_name("x");
  no.clear_node();
  const Network network = network_of(model);
  ASSERT_EQ(operators(network), Names{"Identity"});
  EXPECT_EQ(network.nodes[0].inputs, Names{"x"});
  EXPECT_EQ(network.nodes[0].outputs, Names{"y"});
  no.mutable_output(0)->set_name("nowhere");
  EXPECT_NE(error_of(model).find("If 'choice' has the result 'nowhere', which nothing within it makes"),
            std::string::npos);
}

TEST(OnnxIf, ConditionsThatDoubleAreComputedOnce) {
  const Network network = network_of(conditional([](Model& m) {
    m.integers("a0", {1});
    for (int i = 0; i < 60; ++i)  // 2^60 additions, were each operand computed anew
      m.node("Mul", {"a" + std::to_string(i), "a" + std::to_string(i)}, {"a" + std::to_string(i + 1)});
    m.integers("one_i", {1});
    m.node("Equal", {"a60", "one_i"}, {"c"});
    return "c";
  }));
  EXPECT_EQ(operators(network), (Names{"Relu", "Add"}));
}

TEST(OnnxUnread, AllAtOnce) {
  Model model;
  model.input("x", {1, 4});
  model.input("c", {1}, onnx::TensorProto::BOOL);
  model.output("y", {1, 4});
  onnx::NodeProto& branch = model.node("If", {"c"}, {"a"}, "if_1");
  testing::set_graph(branch, "then_branch");
  model.node("Loop", {"x"}, {"b"}, "loop_1");
  model.node("Loop", {"x"}, {"b2"}, "loop_2");
  model.node("SequenceConstruct", {"x"}, {"s"}, "seq");
  model.node("FusedConv", {"x"}, {"f"}, "fused").set_domain("com.microsoft");
  model.node("Gelu", {"x"}, {"y"}, "gelu").set_domain("com.microsoft");  // known by its name
  EXPECT_EQ(
      error_of(model),
      "m.onnx: If 'if_1': its condition is not constant\n"
      "m.onnx: Loop 'loop_1', 'loop_2': loops are not read, export the model with them unrolled\n"
      "m.onnx: SequenceConstruct 'seq': sequences are not read\n"
      "m.onnx: com.microsoft.FusedConv 'fused': operators of domain 'com.microsoft' are not read, export the "
      "model with ONNX's own");
}

// y = alpha-scaled LeakyRelu of x, as a function of the model.
Model with_function() {
  Model model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  auto& function = *model.proto.add_functions();
  function.set_name("Scaled");
  function.set_domain("custom");
  function.add_input("in");
  function.add_output("out");
  function.add_attribute("slope");
  onnx::NodeProto& leaky = testing::add_node(function, "LeakyRelu", {"in"}, {"h"}, "leaky");
  auto& alpha = *leaky.add_attribute();
  alpha.set_name("alpha");
  alpha.set_ref_attr_name("slope");
  testing::add_node(function, "Neg", {"h"}, {"out"}, "neg");
  onnx::NodeProto& first = model.node("Scaled", {"x"}, {"m"}, "one");
  first.set_domain("custom");
  set_float(first, "slope", 0.5f);
  model.node("Scaled", {"m"}, {"y"}, "two").set_domain("custom");
  return model;
}

TEST(OnnxFunctions, BodiesTakeTheCallsPlace) {
  const Network network = network_of(with_function());
  ASSERT_EQ(operators(network), (Names{"LeakyRelu", "Neg", "LeakyRelu", "Neg"}));
  EXPECT_EQ(network.nodes[0].name, "one/leaky");
  EXPECT_EQ(network.nodes[0].inputs, Names{"x"});
  EXPECT_EQ(network.nodes[0].attributes.floats.at("alpha"), 0.5);
  EXPECT_EQ(network.nodes[1].outputs, Names{"m"});
  EXPECT_EQ(network.nodes[2].attributes.floats.count("alpha"), 0u);  // the second call gives none
  EXPECT_EQ(network.nodes[3].outputs, Names{"y"});
}

TEST(OnnxFunctions, ThatCallThemselves) {
  Model model = with_function();
  auto& body = *model.proto.mutable_functions(0);
  body.mutable_node(1)->set_op_type("Scaled");
  body.mutable_node(1)->set_domain("custom");
  EXPECT_NE(error_of(model).find("or a function calls itself"), std::string::npos);
}

}  // namespace
}  // namespace bpusim
