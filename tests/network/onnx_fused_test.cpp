// Operators of onnxruntime's optimiser: what they become, and that it means the same.
#include <gtest/gtest.h>

#include <cmath>

#include "sim/quantise/golden.h"
#include "tests/network/onnx_files.h"

namespace bpusim {
namespace {

using testing::Dims;
using testing::Model;
using testing::Names;

constexpr const char* kMicrosoft = "com.microsoft";

onnx::NodeProto& fused(Model& model, const std::string& op, const Names& inputs, const Names& outputs) {
  onnx::NodeProto& node = model.node(op, inputs, outputs, "fused");
  node.set_domain(kMicrosoft);
  return node;
}

std::vector<std::pair<std::string, std::string>> nodes_of(const Network& network) {
  std::vector<std::pair<std::string, std::string>> nodes;
  for (const Node& node : network.nodes) nodes.emplace_back(node.name, node.op);
  return nodes;
}
using Nodes = std::vector<std::pair<std::string, std::string>>;

Tensor result(const Model& model, const std::map<std::string, Tensor>& inputs,
              const std::string& output = "y") {
  Network network = testing::network_of(model);
  for (const auto& [name, tensor] : inputs) network.values.at(name).hold(tensor);
  return evaluate(network).numbers.at(output);
}

// 1x1 weights of 2 and a bias of 1: 2 * 3 + 1 = 7 and 2 * -3 + 1 = -5; plus a residual of 1.
Model conv(bool residual) {
  Model model;
  model.input("x", {1, 1, 1, 2});
  model.output("y", {1, 1, 1, 2});
  model.weights("w", {1, 1, 1, 1}, {2});
  model.weights("b", {1}, {1});
  if (residual) model.input("z", {1, 1, 1, 2});
  onnx::NodeProto& node =
      fused(model, "FusedConv", residual ? Names{"x", "w", "b", "z"} : Names{"x", "w", "b"}, {"y"});
  testing::set_string(node, "activation", "LeakyRelu");
  onnx::AttributeProto& parameters =
      testing::attribute(node, "activation_params", onnx::AttributeProto::FLOATS);
  parameters.add_floats(0.5F);
  testing::set_ints(node, "kernel_shape", {1, 1});
  return model;
}

TEST(OnnxFused, ConvBecomesItsPieces) {
  EXPECT_EQ(nodes_of(testing::network_of(conv(false))),
            (Nodes{{"fused/conv", "Conv"}, {"fused", "LeakyRelu"}}));
  const Tensor x({1, 1, 1, 2}, {3, -3}), z({1, 1, 1, 2}, {1, 1});
  EXPECT_EQ(result(conv(false), {{"x", x}}).values, (std::vector<double>{7, -2.5}));
  EXPECT_EQ(nodes_of(testing::network_of(conv(true))),
            (Nodes{{"fused/conv", "Conv"}, {"fused/residual", "Add"}, {"fused", "LeakyRelu"}}));
  EXPECT_EQ(result(conv(true), {{"x", x}, {"z", z}}).values, (std::vector<double>{8, -2}));
}

// A file's own names stay its own, also where they come later.
TEST(OnnxFused, NamesOfPiecesAreFree) {
  Model model = conv(false);
  model.node("Relu", {"y"}, {"fused/conv"}, "later");
  model.output("fused/conv", {1, 1, 1, 2});
  EXPECT_EQ(nodes_of(testing::network_of(model)),
            (Nodes{{"fused/conv#2", "Conv"}, {"fused", "LeakyRelu"}, {"later", "Relu"}}));
  EXPECT_EQ(result(model, {{"x", Tensor({1, 1, 1, 2}, {3, -3})}}, "fused/conv").values,
            (std::vector<double>{7, 0}));
}

// 0.5 * [1 2] [3 4]^T = 5.5; the first matrix lies turned.
TEST(OnnxFused, MatMulTurnsItsOperands) {
  Model model;
  model.input("a", {2, 1});
  model.input("b", {1, 2});
  model.output("y", {1, 1});
  onnx::NodeProto& node = fused(model, "FusedMatMul", {"a", "b"}, {"y"});
  testing::set_int(node, "transA", 1);
  testing::set_int(node, "transB", 1);
  testing::set_float(node, "alpha", 0.5F);
  EXPECT_EQ(result(model, {{"a", Tensor({2, 1}, {1, 2})}, {"b", Tensor({1, 2}, {3, 4})}}).values,
            (std::vector<double>{5.5}));
}

// x + skip is [1 3]: mean 2, deviation 1; gamma 2 and beta 1 make [-1 3] of it. The sum is an output too.
TEST(OnnxFused, SkipLayerNormalization) {
  Model model;
  model.input("x", {1, 1, 2});
  model.input("skip", {1, 1, 2});
  model.output("y", {1, 1, 2});
  model.output("sum", {1, 1, 2});
  model.weights("gamma", {2}, {2, 2});
  model.weights("beta", {2}, {1, 1});
  fused(model, "SkipLayerNormalization", {"x", "skip", "gamma", "beta"}, {"y", "", "", "sum"});
  const std::map<std::string, Tensor> inputs = {{"x", Tensor({1, 1, 2}, {1, 2})},
                                                {"skip", Tensor({1, 1, 2}, {0, 1})}};
  const Tensor y = result(model, inputs);
  EXPECT_NEAR(y.values[0], -1, 1e-9);
  EXPECT_NEAR(y.values[1], 3, 1e-9);
  EXPECT_EQ(result(model, inputs, "sum").values, (std::vector<double>{1, 3}));
}

// Queries and keys of 0 share the values equally: (1 + 3) / 2 everywhere; with the second key masked, 1.
Model attention(bool mask) {
  Model model;
  model.input("x", {1, 2, 1});
  model.output("y", {1, 2, 1});
  model.weights("w", {1, 3}, {0, 0, 1});
  model.weights("b", {3}, {0, 0, 0});
  if (mask) model.input("mask", {1, 2}, onnx::TensorProto::INT32);
  testing::set_int(
      fused(model, "Attention", mask ? Names{"x", "w", "b", "mask"} : Names{"x", "w", "b"}, {"y"}),
      "num_heads", 1);
  return model;
}

TEST(OnnxFused, AttentionSharesValues) {
  const Tensor x({1, 2, 1}, {1, 3}), mask({1, 2}, {1, 0});
  EXPECT_EQ(result(attention(false), {{"x", x}}).values, (std::vector<double>{2, 2}));
  EXPECT_EQ(result(attention(true), {{"x", x}, {"mask", mask}}).values, (std::vector<double>{1, 1}));
  Model causal = attention(false);
  testing::set_int(*causal.graph().mutable_node(0), "unidirectional", 1);
  EXPECT_EQ(result(causal, {{"x", x}}).values, (std::vector<double>{1, 2}));
}

// x sigmoid(2 x): 0 of 0, and of 1 what the logistic function of 2 is.
TEST(OnnxFused, QuickGelu) {
  Model model;
  model.input("x", {2});
  model.output("y", {2});
  testing::set_float(fused(model, "QuickGelu", {"x"}, {"y"}), "alpha", 2);
  const Tensor y = result(model, {{"x", Tensor({2}, {0, 1})}});
  EXPECT_EQ(y.values[0], 0);
  EXPECT_DOUBLE_EQ(y.values[1], 1 / (1 + std::exp(-2.0)));
}

// Channels last: [1 3] of one channel has mean 2 and deviation 1, as above.
TEST(OnnxFused, GroupNorm) {
  Model model;
  model.input("x", {1, 1, 2, 1});
  model.output("y", {1, 1, 2, 1});
  model.weights("gamma", {1}, {2});
  model.weights("beta", {1}, {1});
  onnx::NodeProto& node = fused(model, "GroupNorm", {"x", "gamma", "beta"}, {"y"});
  testing::set_int(node, "groups", 1);
  testing::set_float(node, "epsilon", 1e-12F);
  const Tensor y = result(model, {{"x", Tensor({1, 1, 2, 1}, {1, 3})}});
  EXPECT_NEAR(y.values[0], -1, 1e-9);
  EXPECT_NEAR(y.values[1], 3, 1e-9);
  testing::set_int(node, "activation", 2);
  EXPECT_NE(testing::network_of(model).nodes.at(0).unread.find("activation 2 is neither"), std::string::npos);
}

// 0 + 2 and 2 + 0 share equally; so do all elements from the axis on.
TEST(OnnxFused, BiasSoftmax) {
  Model model;
  model.input("x", {1, 2, 2});
  model.output("y", {1, 2, 2});
  model.weights("bias", {1, 1, 2}, {2, 0});
  onnx::NodeProto& node = fused(model, "BiasSoftmax", {"x", "bias"}, {"y"});
  testing::set_int(node, "axis", 2);
  const Tensor x({1, 2, 2}, {0, 2, 1, 3});
  EXPECT_EQ(result(model, {{"x", x}}).values, (std::vector<double>{0.5, 0.5, 0.5, 0.5}));
  node.mutable_attribute(0)->set_i(1);  // 2 2 3 3 are one row: 1 and e, over twice their sum
  EXPECT_DOUBLE_EQ(result(model, {{"x", x}}).values[0], 1 / (2 * (1 + std::exp(1.0))));
}

// (2 + 1) Gelu(9 + 1), of which the second is 10 but for 1e-22.
TEST(OnnxFused, BiasSplitGelu) {
  Model model;
  model.input("x", {1, 1, 2});
  model.output("y", {1, 1, 1});
  model.weights("bias", {2}, {1, 1});
  fused(model, "BiasSplitGelu", {"x", "bias"}, {"y"});
  EXPECT_DOUBLE_EQ(result(model, {{"x", Tensor({1, 1, 2}, {2, 9})}}).values[0], 30);
}

std::string unread(const std::string& op, const std::string& domain, const Names& inputs = {"x"}) {
  Model model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  onnx::NodeProto& node = model.node(op, inputs, {"y"}, "fused");
  node.set_domain(domain);
  if (op == "BiasGelu") testing::set_int(node, "fast", 1);
  return testing::network_of(model).nodes.at(0).unread;
}

TEST(OnnxFused, WhatIsNotReadSaysWhatToDo) {
  EXPECT_NE(unread("Conv", "com.microsoft.nchwc").find("ORT_ENABLE_EXTENDED"), std::string::npos);
  EXPECT_NE(unread("NhwcMaxPool", kMicrosoft).find("ORT_ENABLE_EXTENDED"), std::string::npos);
  EXPECT_NE(unread("BiasGelu", kMicrosoft, {"x", "x"}).find("attribute 'fast' has no definition"),
            std::string::npos);
  EXPECT_NE(unread("BeamSearch", kMicrosoft).find("operators of domain 'com.microsoft'"), std::string::npos);
}

TEST(OnnxFused, MissingInputsAreErrors) {
  Model model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  fused(model, "BiasGelu", {"x"}, {"y"});
  EXPECT_EQ(testing::error_of(model), "m.onnx: BiasGelu 'fused' needs an input 2, it has 1");
}

// The states alone are asked for: what all steps make has no name in the file.
TEST(OnnxFused, RecurrentLayersMayLackTheirFirstOutput) {
  Model model;
  model.input("x", {3, 1, 1});
  model.output("last", {1, 1, 1});
  model.weights("w", {1, 1, 1}, {1});
  model.weights("r", {1, 1, 1}, {1});
  onnx::NodeProto& node = model.node("RNN", {"x", "w", "r"}, {"", "last"}, "rnn");
  testing::attribute(node, "activations", onnx::AttributeProto::STRINGS).add_strings("Relu");
  EXPECT_EQ(testing::network_of(model).nodes.at(0).outputs, (Names{"rnn/Y", "last"}));
  EXPECT_EQ(result(model, {{"x", Tensor({3, 1, 1}, {1, 2, 4})}}, "last").values, (std::vector<double>{7}));
}

}  // namespace
}  // namespace bpusim
