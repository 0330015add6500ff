#include <gtest/gtest.h>

#include <functional>

#include "sim/input_error.h"
#include "sim/scenario/run_file.h"
#include "tests/network/onnx_files.h"

namespace bpusim {
namespace {

using testing::data_of;
using testing::Dims;
using testing::error_of;
using testing::Model;
using testing::Names;
using testing::network_of;
using testing::relu;
using testing::set_float;
using testing::set_int;
using testing::set_ints;
using testing::set_string;
using testing::set_tensor;
using testing::sum_with;
using testing::TemporaryFolder;

TEST(OnnxVersions, RangeOfIrAndOpset) {
  for (const int opset : {9, 11, 17, 23}) EXPECT_EQ(network_of(relu(opset)).nodes.at(0).opset, opset);
  for (const int ir : {3, 10, 11}) EXPECT_EQ(network_of(relu(13, ir)).nodes.size(), 1u);
  EXPECT_EQ(error_of(relu(24)),
            "m.onnx: opset 24 is not read (9 to 23 are): convert it with "
            "onnx.version_converter.convert_version(model, 23)");
  EXPECT_NE(error_of(relu(8)).find("opset 8 is not read (9 to 23 are): convert it"), std::string::npos);
  EXPECT_NE(error_of(relu(13, 2)).find("IR version 2 is not read (3 to 11 are)"), std::string::npos);
  EXPECT_NE(error_of(relu(13, 12)).find("IR version 12 is not read (3 to 11 are)"), std::string::npos);
}

TEST(OnnxVersions, ImportsOfOpsets) {
  Model none = relu();
  none.proto.clear_opset_import();
  EXPECT_NE(error_of(none).find("no opset_import"), std::string::npos);
  Model two = relu(13);
  auto& other = *two.proto.add_opset_import();
  other.set_domain("ai.onnx");
  other.set_version(13);
  EXPECT_EQ(network_of(two).nodes.at(0).opset, 13);  // the same twice does no harm
  other.set_version(14);
  EXPECT_NE(error_of(two).find("opset_import names 13 and 14"), std::string::npos);
}

TEST(OnnxGraph, NamesThatAreTwiceOrNowhere) {
  Model twice;
  testing::fill(sum_with(twice), "w", {3}, {1, 2, 3});
  twice.weights("w", {3}, {1, 2, 3});
  EXPECT_EQ(error_of(twice), "m.onnx: initializer 'w' is there twice");
  Model made = relu();
  made.node("Neg", {"x"}, {"y"}, "again");
  EXPECT_EQ(error_of(made), "m.onnx: value 'y' is made twice");
  Model missing = relu();
  missing.output("z", {1});
  EXPECT_EQ(error_of(missing), "m.onnx: output 'z' of the graph is made by nothing");
  Model inputs = relu();
  inputs.input("x", {1, 4});
  EXPECT_EQ(error_of(inputs), "m.onnx: input 'x' of the graph is there twice");
  Model typo;
  typo.input("image", {1, 4});
  typo.output("y", {1, 4});
  typo.node("Relu", {"imgae"}, {"y"}, "relu");
  EXPECT_EQ(error_of(typo),
            "m.onnx: Relu 'relu' reads 'imgae', which nothing before it makes, did you mean 'image'?");
}

TEST(OnnxGraph, OrderOfTheNodes) {
  Model model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  model.node("Relu", {"h"}, {"y"}, "second");
  model.node("Neg", {"x"}, {"h"}, "first");
  EXPECT_EQ(error_of(model),
            "m.onnx: Relu 'second' reads 'h', which is made only after it, by Neg 'first': the nodes of an "
            "ONNX graph "
            "stand in the order of their data");
  Model cycle;
  cycle.input("x", {1, 4});
  cycle.output("y", {1, 4});
  cycle.node("Add", {"x", "y"}, {"h"}, "a");
  cycle.node("Neg", {"h"}, {"y"}, "b");
  EXPECT_NE(error_of(cycle).find("Add 'a' reads 'y', which is made only after it, by Neg 'b'"),
            std::string::npos);
}

TEST(OnnxGraph, WeightsThatAreInputsToo) {
  Model model(9, 3);  // IR 3 lists every initializer as an input
  testing::fill(sum_with(model), "w", {3}, {1, 2, 3});
  model.input("w", {3});
  const Network network = network_of(model);
  EXPECT_EQ(network.inputs, Names{"x"});
  EXPECT_TRUE(network.values.at("w").constant);
}

TEST(OnnxGraph, OptionalInputsAndOutputs) {
  Model model;
  model.input("x", {1, 1, 4, 4});
  model.output("y", {1, 1, 8, 8});
  model.weights("scales", {4}, {1, 1, 2, 2});
  model.node("Resize", {"x", "", "scales", ""}, {"y", ""}, "resize");
  const Node node = network_of(model).nodes.at(0);
  EXPECT_EQ(node.inputs, (Names{"x", "", "scales"}));  // what is left out at the end, is left out
  EXPECT_EQ(node.outputs, Names{"y"});
}

TEST(OnnxGraph, InputsThatAnOperatorNeeds) {
  Model model;
  model.input("x", {1, 3, 4, 4});
  model.output("y", {1, 3, 4, 4});
  onnx::NodeProto& node = model.node("Conv", {"x"}, {"y"}, "conv");
  EXPECT_EQ(error_of(model), "m.onnx: Conv 'conv' needs at least 2 inputs, it has 1");
  node.set_op_type("Transpose");
  node.clear_input();
  EXPECT_EQ(error_of(model), "m.onnx: Transpose 'conv' needs at least 1 inputs, it has 0");
  node.add_input("x");
  node.set_output(0, "");
  node.add_output("y");
  EXPECT_EQ(error_of(model), "m.onnx: Transpose 'conv' has no name for its first output");
}

TEST(OnnxAttributes, TypesAreCheckedOrInferred) {
  Model model(11);
  model.input("x", {1, 3, 4, 4});
  model.output("y", {1, 3, 4, 4});
  onnx::NodeProto& node = model.node("MaxPool", {"x"}, {"y"}, "pool");
  set_ints(node, "kernel_shape", {1, 1});
  node.mutable_attribute(0)->clear_type();  // as before IR 2
  EXPECT_EQ(network_of(model).nodes.at(0).attributes.int_lists.at("kernel_shape"), (Dims{1, 1}));
  node.mutable_attribute(0)->set_type(onnx::AttributeProto::FLOAT);
  EXPECT_EQ(error_of(model),
            "m.onnx: MaxPool 'pool': attribute 'kernel_shape' says that it is FLOAT and holds INTS");
  node.clear_attribute();
  set_int(node, "kernel_shape", 3);
  EXPECT_EQ(error_of(model), "m.onnx: MaxPool 'pool': attribute 'kernel_shape' is INT, expected INTS");
  node.clear_attribute();
  node.add_attribute()->set_name("kernel_shape");
  EXPECT_NE(error_of(model).find("says no type, and holds no value"), std::string::npos);
  node.clear_attribute();
  set_int(node, "ceil_mode", 1);
  set_int(node, "ceil_mode", 0);
  EXPECT_NE(error_of(model).find("attribute 'ceil_mode' is given twice"), std::string::npos);
}

// What opsets 9 and 10 have as attributes and newer ones as inputs.
TEST(OnnxAttributes, OldOpsets) {
  Model model(9);
  model.input("x", {1, 3, 8, 8});
  model.output("d", {1, 3, 16, 16});
  onnx::NodeProto& slice = model.node("Slice", {"x"}, {"a"});
  set_ints(slice, "starts", {0});
  set_ints(slice, "ends", {INT64_MAX});
  set_ints(slice, "axes", {2});
  onnx::NodeProto& pad = model.node("Pad", {"a"}, {"b"});
  set_ints(pad, "pads", {0, 0, 1, 1, 0, 0, 1, 1});
  set_float(pad, "value", 0.5f);
  onnx::NodeProto& clip = model.node("Clip", {"b"}, {"c"});
  set_float(clip, "min", 0);
  set_float(clip, "max", 6);
  model.weights("scales", {4}, {1, 1, 2, 2});
  set_string(model.node("Upsample", {"c", "scales"}, {"d"}), "mode", "nearest");
  const Network network = network_of(model);
  ASSERT_EQ(network.nodes.size(), 4u);
  EXPECT_EQ(network.nodes[0].attributes.int_lists.at("ends"), Dims{INT64_MAX});
  EXPECT_EQ(network.nodes[1].attributes.floats.at("value"), 0.5);
  EXPECT_EQ(network.nodes[2].attributes.floats.at("max"), 6);
  EXPECT_EQ(network.nodes[3].attributes.strings.at("mode"), "nearest");
}

TEST(OnnxConstants, PaddleNamesAndEveryKindOfValue) {
  Model model(11);
  model.input("x", {1, 3});
  model.output("conv2d_0.tmp_1/y", {1, 3});
  testing::fill(set_tensor(model.node("Constant", {}, {"conv2d_0.w_0"}), "value"), "", {3}, {1, 2, 3});
  model.node("Mul", {"x", "conv2d_0.w_0"}, {"conv2d_0.tmp_1/y"}, "p2o.Mul.0");
  set_int(model.node("Constant", {}, {"i"}), "value_int", 7);
  set_float(model.node("Constant", {}, {"f"}), "value_float", 0.25f);
  set_ints(model.node("Constant", {}, {"is"}), "value_ints", {4, 5});
  set_string(model.node("Constant", {}, {"s"}), "value_string", "text");
  const Network network = network_of(model);
  ASSERT_EQ(network.nodes.size(), 1u);
  EXPECT_EQ(network.nodes[0].name, "p2o.Mul.0");
  EXPECT_EQ(data_of(network, "conv2d_0.w_0").values, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(data_of(network, "i").values, std::vector<double>{7});
  EXPECT_EQ(network.values.at("i").dtype, DType::Int64);
  EXPECT_EQ(data_of(network, "f").values, std::vector<double>{0.25});
  EXPECT_EQ(data_of(network, "is").shape, Shape{2});
  EXPECT_EQ(network.values.at("s").text->values, Names{"text"});
}

TEST(OnnxConstants, TypesThatCastLikeTakes) {
  Model model(15);
  model.input("x", {1, 3});
  model.output("y", {1, 3});
  model.integers("like", {0});
  model.node("CastLike", {"x", "like"}, {"y"});
  const Node node = network_of(model).nodes.at(0);
  EXPECT_EQ(node.op, "Cast");
  EXPECT_EQ(node.inputs, Names{"x"});
  EXPECT_EQ(node.attributes.ints.at("to"), onnx::TensorProto::INT64);
}

TEST(OnnxConstants, WithoutAValue) {
  Model model = relu();
  model.node("Constant", {}, {"c"}, "none");
  EXPECT_EQ(error_of(model), "m.onnx: Constant 'none' must have one value, it has 0");
  set_int(*model.graph().mutable_node(1), "value", 1);
  EXPECT_EQ(error_of(model), "m.onnx: Constant 'none' has 'value' as INT, expected TENSOR");
}

TEST(OnnxDimensions, SetUnsetAndUnknown) {
  Model model;
  model.open_input("x", "batch", {4});
  model.output("y", {1, 4});
  model.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(network_of(model, {{"batch", 3}}).values.at("x").shape, (Shape{3, 4}));
  const Network open = network_of(model);
  EXPECT_EQ(open.values.at("x").shape, (Shape{0, 4}));
  EXPECT_EQ(open.dynamic_dims, std::set<std::string>{"batch"});
  EXPECT_EQ(error_of(model, {{"bacth", 3}}),
            "m.onnx: the model has no open dimension 'bacth', did you mean 'batch'?");
  EXPECT_NE(error_of(model, {{"batch", 1 << 27}}).find("more than 268435456 elements"), std::string::npos);
}

// Paddle writes open dimensions as -1, others leave them out: they are called by input and axis.
TEST(OnnxDimensions, WithoutAName) {
  Model model;
  model.input("x", {-1, 4});
  model.output("y", {-1, 4});
  model.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(network_of(model).dynamic_dims, std::set<std::string>{"x.0"});
  EXPECT_EQ(network_of(model, {{"x.0", 2}}).values.at("x").shape, (Shape{2, 4}));
}

TEST(OnnxDimensions, InputsWithoutAShape) {
  const TemporaryFolder folder;
  Model model = relu();
  model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  const std::string path = folder.write("m.onnx", model.bytes());
  EXPECT_NE(
      error_of([&] { read_run(path); }).find("input 'x' has no shape: give it a file, as inputs: {x: x.npy}"),
      std::string::npos);
  model.open_input("z", "N", {4});
  model.graph().mutable_input()->SwapElements(0, 1);
  const std::string open = folder.write("open.onnx", model.bytes());
  EXPECT_NE(error_of([&] { read_run(open); })
                .find("input 'z' has shape Nx4: set its dimensions (--dim N=1, or dim: in the run file), or "
                      "give it a"),
            std::string::npos);
}

// Weights that are inputs without data: shapes are enough to time the model.
TEST(OnnxDimensions, ShapesOnly) {
  const TemporaryFolder folder;
  Model model(11, 3);
  model.input("x", {1, 3, 8, 8});
  model.input("w", {4, 3, 3, 3});
  model.output("y", {1, 4, 6, 6});
  model.node("Conv", {"x", "w"}, {"y"}, "conv");
  const RunSpec run = read_run(folder.write("m.onnx", model.bytes()));
  EXPECT_TRUE(run.network.shapes_only);
  EXPECT_TRUE(run.network.values.at("w").constant);
}

TEST(OnnxDamage, NamesThePlace) {
  Model model = relu();
  model.weights("w", {64}, std::vector<float>(64, 1));
  const std::string good = model.bytes();
  const auto error = [](const std::string& bytes) {
    return error_of([&] { parse_onnx(bytes, "m.onnx", ""); });
  };
  const std::string cut = error(good.substr(0, good.size() / 2));
  EXPECT_NE(cut.find("m.onnx: not an ONNX model, or damaged"), std::string::npos) << cut;
  EXPECT_NE(cut.find("graph at byte"), std::string::npos) << cut;
  EXPECT_NE(cut.find("says that it has"), std::string::npos) << cut;
  // The graph's own length made to fit: now it is the initializer that is too long.
  Model inner = model;
  std::string graph = inner.graph().SerializeAsString();
  const auto at = graph.find("Relu");
  ASSERT_NE(at, std::string::npos);
  graph[at - 1] = 100;  // the length of op_type
  onnx::ModelProto shell = inner.proto;
  shell.clear_graph();
  std::string bytes = shell.SerializeAsString();
  bytes += '\x3A';  // field 7, by length
  bytes += static_cast<char>(0x80 | (graph.size() & 127));
  bytes += static_cast<char>(graph.size() >> 7);
  bytes += graph;
  EXPECT_NE(error(bytes).find("graph.node[0].op_type at byte"), std::string::npos) << error(bytes);
  EXPECT_NE(error_of([] { read_onnx("/dev/zero"); }).find("no regular file"), std::string::npos);
}

}  // namespace
}  // namespace bpusim
