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

// A cast to a real type keeps what is behind the point, one to a whole number drops it.
TEST(OnnxIf, CastsOfConstants) {
  for (const auto type : {onnx::TensorProto::FLOAT, onnx::TensorProto::FLOAT16, onnx::TensorProto::DOUBLE,
                          onnx::TensorProto::BFLOAT16, onnx::TensorProto::INT64, onnx::TensorProto::UINT8}) {
    const Network network = network_of(conditional([&](Model& m) {
      m.weights("given", {1}, {2.5f});
      m.weights("whole", {1}, {2.0f});
      set_int(m.node("Cast", {"given"}, {"cast"}), "to", type);
      m.node("Equal", {"cast", "whole"}, {"c"});
      return "c";
    }));
    const bool whole = type == onnx::TensorProto::INT64 || type == onnx::TensorProto::UINT8;
    EXPECT_EQ(operators(network), (whole ? Names{"Relu", "Add"} : Names{"Neg"})) << type;
  }
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
  const Network open = network_of(asks_for_batch_of_one());
  ASSERT_EQ(open.nodes.back().op, "If");
  EXPECT_EQ(open.nodes.back().unread,
            "its condition 'c' is not known before the run, and depends on 'x': choose a branch (--assume "
            "choice=true or =false, or assume: in the run file), give that input a file (inputs: in the run "
            "file), or set its dimensions (--dim N=1)");
}

// What stands behind operators counts as well, and extents that the model fixes count where others are open.
TEST(OnnxIf, ShapesBehindOperators) {
  const auto asks = [](const std::string& of, std::int64_t axis) {
    return conditional([&](Model& m) {
      m.integers("index", {axis});
      m.integers("four", {4});
      m.node("Relu", {"x"}, {"r"});
      testing::set_ints(m.node("Transpose", {"r"}, {"t"}), "perm", {1, 0});
      m.node("Shape", {of}, {"s"});
      m.node("Gather", {"s", "index"}, {"n"});
      m.node("Equal", {"n", "four"}, {"c"});
      return "c";
    });
  };
  for (const auto& [value, axis] : {std::pair{"x", 1}, {"r", 1}, {"t", 0}})
    EXPECT_EQ(operators(network_of(asks(value, axis))).back(), "Add") << value;
  for (const auto& [value, axis] : {std::pair{"x", 0}, {"t", 1}}) {
    EXPECT_EQ(operators(network_of(asks(value, axis), {{"N", 4}})).back(), "Add") << value;
    EXPECT_EQ(operators(network_of(asks(value, axis), {{"N", 3}})).back(), "Neg") << value;
    EXPECT_EQ(operators(network_of(asks(value, axis))).back(), "If") << value;
  }
}

// The rank behind a Slice, of all results of a Split, and of a GRU's first result, which has four axes. Its
// second has three: nothing is said of it, rather than the first one's.
TEST(OnnxIf, RanksBehindSlicesSplitsAndRecurrentLayers) {
  const auto choice = [](const std::string& of, std::int64_t rank) {
    return operators(network_of(conditional([&](Model& m) {
             m.integers("axis", {1});
             m.integers("end", {2});
             m.integers("rank", {rank});
             m.integers("front", {0});
             m.node("Slice", {"x", "front", "end", "axis"}, {"slice"});
             testing::set_int(m.node("Split", {"x"}, {"split", "rest"}), "axis", 1);
             m.weights("w", {1, 9, 4}, std::vector<float>(36, 0.1F));
             m.weights("r", {1, 9, 3}, std::vector<float>(27, 0.1F));
             m.node("Unsqueeze", {"x", "front"}, {"steps"});
             m.node("GRU", {"steps", "w", "r"}, {"all", "last"});
             m.node("Shape", {of}, {"s"});
             m.node("Size", {"s"}, {"size"});
             m.node("Equal", {"size", "rank"}, {"c"});
             return "c";
           })))
        .back();
  };
  for (const auto& [value, rank] : {std::pair{"slice", 2}, {"split", 2}, {"rest", 2}, {"all", 4}}) {
    EXPECT_EQ(choice(value, rank), "Add") << value;
    EXPECT_EQ(choice(value, rank + 1), "Neg") << value;
  }
  EXPECT_EQ(choice("last", 3), "If");
}

// Ranks, and numbers that are given, through what else conditions are computed by.
TEST(OnnxIf, RanksAndGivenNumbers) {
  const Network rank = network_of(conditional([](Model& m) {
    m.integers("two", {2});
    m.node("Shape", {"x"}, {"s"});
    m.node("Size", {"s"}, {"rank"});
    m.node("Equal", {"rank", "two"}, {"c"});
    return "c";
  }));
  EXPECT_EQ(operators(rank).back(), "Add");
  for (const char* reduce : {"ReduceMax", "ReduceSum", "ReduceMin"}) {
    const Model model = conditional([&](Model& m) {
      testing::fill(*m.graph().add_initializer(), "limit", {1}, {2});
      m.node("Abs", {"x"}, {"a"});
      testing::set_int(m.node(reduce, {"a"}, {"m"}), "keepdims", 0);
      m.node("Greater", {"m", "limit"}, {"c"});
      return "c";
    });
    const auto read = [&](const GivenInputs& given) {
      return parse_onnx(model.bytes(), "m.onnx", "", {}, kOldestOpset, given).nodes.back();
    };
    const bool least = std::string(reduce) == "ReduceMin";
    EXPECT_EQ(read({{{"x", Tensor({1, 4}, {-3, 0, 1, 2})}}, {}}).op, least ? "Neg" : "Add") << reduce;
    EXPECT_NE(read({}).unread.find("give that input a file"), std::string::npos);
    const Tensor large = Tensor::filled({1250, 4}, 3);  // more than is looked at: no file would help
    EXPECT_EQ(read({{{"x", large}}, {}}).unread.find("give that input a file"), std::string::npos);
  }
}

TEST(OnnxIf, GivenAndAssumedConditions) {
  const auto read = [](const GivenInputs& given) {
    const Model model = conditional([](Model& m) {
      m.input("flag", {}, onnx::TensorProto::BOOL);
      m.node("Not", {"flag"}, {"c"});
      return "c";
    });
    return operators(parse_onnx(model.bytes(), "m.onnx", "", {{"N", 1}}, kOldestOpset, given)).back();
  };
  EXPECT_EQ(read({{{"flag", Tensor({}, {1})}}, {}}), "Neg");
  EXPECT_EQ(read({{{"flag", Tensor({}, {0})}}, {}}), "Add");
  EXPECT_EQ(read({{}, {{"choice", true}}}), "Add");
  EXPECT_EQ(read({{}, {{"c", false}}}), "Neg");
  EXPECT_EQ(read({}), "If");
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
  model.node("BeamSearch", {"x"}, {"f"}, "search").set_domain("com.microsoft");
  model.node("Gelu", {"x"}, {"y"}, "gelu").set_domain("com.microsoft");  // known by its name
  const Network network = network_of(model);
  ASSERT_EQ(operators(network),
            (Names{"If", "Loop", "Loop", "SequenceConstruct", "com.microsoft.BeamSearch", "Gelu"}));
  std::vector<std::string> reasons;
  for (const Node& node : network.nodes) reasons.push_back(node.unread.substr(0, 30));
  EXPECT_EQ(reasons, (Names{"its condition 'c' is not known", "loops are not read, export the",
                            "loops are not read, export the", "sequences are not read",
                            "operators of domain 'com.micro", ""}));
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
