// What drawn inputs found (wrong_inputs_test), each as the kind that it stands for.
#include <gtest/gtest.h>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/onnx/import.h"
#include "sim/run/simulate.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

using testing::Model;

// "runs", or what it is refused with.
std::string outcome(const Model& model) {
  static const MachineParams machine = read_machine("generic");
  static const Policy policy = Policy::read("full");
  try {
    RunSpec spec;
    spec.network = parse_onnx(model.bytes(), "m.onnx", "");
    for (const std::string& name : spec.network.inputs) {
      Value& value = spec.network.values[name];
      value.hold(Tensor::filled(value.shape, 1));
    }
    simulate({spec, machine, policy});
    return "runs";
  } catch (const ErrorLines& error) {
    return error.what();
  }
}

std::vector<float> ones(std::size_t count) {
  return std::vector<float>(count, 1);
}

// The node "n" that makes the model's output.
onnx::NodeProto& last_node(Model& model, const std::string& op, const testing::Names& inputs) {
  model.graph().add_output()->set_name("y");
  return model.node(op, inputs, {"y"}, "n");
}

TEST(RefusedInputs, MoreThanTheOperatorHas) {
  Model model;
  model.weights("c", {1, 1, 4, 4}, ones(16));
  model.input("x", {1, 1, 4, 4});
  testing::set_ints(last_node(model, "AveragePool", {"c", "x"}), "kernel_shape", {2, 2});
  EXPECT_EQ(outcome(model), "m.onnx: AveragePool 'n' takes at most 1 input, it has 2");
}

TEST(RefusedInputs, FewerThanTheOperatorNeeds) {
  Model model;
  model.input("x", {1, 4});
  last_node(model, "Where", {"x", "x"});
  EXPECT_EQ(outcome(model), "m.onnx: Where 'n' needs at least 3 inputs, it has 2");
}

TEST(RefusedInputs, AKernelWithoutElements) {
  Model model;
  model.input("x", {1, 1, 4, 4});
  model.weights("w", {1, 1, 2, 0}, {});
  last_node(model, "ConvTranspose", {"x", "w"});
  EXPECT_EQ(outcome(model), "m.onnx: n: ConvTranspose: shape 1x1x2x0 holds an empty dimension");
}

TEST(RefusedInputs, AConstantTensorWithoutElements) {
  Model model;
  model.input("x", {1, 4});
  model.weights("c", {0, 2, 3, 3}, {});
  testing::set_int(last_node(model, "LRN", {"c"}), "size", 3);
  EXPECT_EQ(outcome(model),
            "m.onnx: LRN 'n': input 'c' of shape 0x2x3x3 has no elements; tensors without elements are "
            "valid, and not run");
}

TEST(RefusedInputs, AListWithoutElementsIsShapeArithmetic) {
  Model model;
  model.input("x", {1, 4});
  model.weights("none", {0}, {});
  testing::set_int(model.node("Softmax", {"none"}, {"s"}, "softmax"), "axis", 0);
  model.node("Dropout", {"x", "", "s"}, {"d"}, "dropout");
  last_node(model, "Relu", {"d"});
  EXPECT_EQ(outcome(model), "runs");
}

// A BPU's lowering of these takes the codes of the first input: where that is a constant, beside a parameter
// that is computed, the CPU runs them.
TEST(RefusedInputs, AConstantBesideAComputedParameterIsTheCpus) {
  Model clip;
  clip.weights("c", {2, 3}, ones(6));
  clip.input("x", {});
  last_node(clip, "Clip", {"c", "x"});
  EXPECT_EQ(outcome(clip), "runs");
}

// The shape of parameters that are computed has to fit as that of constants has.
TEST(RefusedInputs, ComputedParametersOfNorms) {
  Model layer(17);
  layer.input("x", {2, 3});
  layer.input("scale", {4});
  testing::set_ints(last_node(layer, "LayerNormalization", {"x", "scale"}), "axes", {0, 2});
  EXPECT_EQ(outcome(layer), "m.onnx: n: LayerNormalization: axis 2 is out of range for rank 2 (-2 to 1)");
  Model batch(15);
  batch.weights("c", {3}, ones(3));
  batch.input("scale", {3});
  testing::set_int(last_node(batch, "BatchNormalization", {"c", "scale", "c", "c", "c"}), "training_mode", 1);
  EXPECT_EQ(outcome(batch), "m.onnx: n: BatchNormalization: input of shape 3 has rank 1; it needs 2 or more");
}

// ONNX broadcasts C one way. A product that grew had another shape than was inferred.
TEST(RefusedInputs, WhatAGemmAddsIsNoLargerThanItsProduct) {
  for (const testing::Dims& shape : {testing::Dims{1, 1, 4}, {3, 4}}) {
    Model model;
    model.input("x", {1, 2});
    model.weights("w", {2, 4}, ones(8));
    model.weights("c", shape, ones(shape[0] == 3 ? 12 : 4));
    last_node(model, "Gemm", {"x", "w", "c"});
    EXPECT_EQ(outcome(model), "m.onnx: n: Gemm: C of " + to_string(shape) + " does not fit a product of 1x4");
  }
}

}  // namespace
}  // namespace bpusim
