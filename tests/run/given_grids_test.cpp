// Models that were quantised elsewhere: the machine's codes are the model's, with its scales and zero points.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/run/quantised_models.h"

namespace bpusim {
namespace {

using testing::QuantisedModel;
using testing::Ran;
using testing::run_model;
using testing::set_int;
using testing::spec_of;
using testing::Type;
using Values = std::vector<double>;

// Two pixels of two channels, in steps of 0.5 from -4: 1, -2.5 and 3, 0.25 (a tie between 0 and 0.5, codes
// even).
const Tensor kImage({1, 2, 1, 2}, {1, -2.5, 3, 0.25});

// y = conv(x) with weights 3, -5 (scale 0.25) and 7, 60 (scale 0.5), bias 4 of scale 0.5 * 0.25 and -2 of 0.5
// * 0.5.
void add_weights(QuantisedModel& model) {
  model.codes("w_codes", {2, 2, 1, 1}, Type::INT8, {3, -5, 7, 60});
  model.weights("w_scale", {2}, {0.25F, 0.5F});
  model.codes("w_zero", {2}, Type::INT8, {0, 0});
  model.codes("b_codes", {2}, Type::INT32, {4, -2});
  model.weights("b_scale", {2}, {0.125F, 0.25F});
}

void add_dequantised_weights(QuantisedModel& model) {
  add_weights(model);
  set_int(model.dequantise("w_codes", "w", "w"), "axis", 0);
  set_int(model.node("DequantizeLinear", {"b_codes", "b_scale"}, {"b"}), "axis", 0);
}

QuantisedModel convolution(int type, std::int64_t zero_x, std::int64_t zero_y) {
  QuantisedModel model;
  model.input("x", {1, 2, 1, 2});
  model.output("y_dq", {1, 2, 1, 2});
  model.grid("x", 0.5F, zero_x, type);
  model.grid("y", 2.0F, zero_y, type);
  add_dequantised_weights(model);
  model.pair("x", "x");
  model.node("Conv", {"x_dq", "w", "b"}, {"y"}, "conv");
  model.pair("y", "y");
  return model;
}

// Codes of x less the zero point: 2, -5 and 6, 0 (0.25 / 0.5 is a tie, to 0). Sums: 3*2 - 5*6 + 4 = -20 and
// 3*-5 - 5*0 + 4 = -11, in steps of 0.125: -2.5 and -1.375; 7*2 + 60*6 - 2 = 372 and 7*-5 + 60*0 - 2 = -37,
// in steps of 0.25: 93 and -9.25. In steps of 2: -1.25, -0.6875, 46.5 (a tie, to 46), -4.625.
const Values kResult = {-2, -2, 92, -10};

TEST(GivenGrids, PairsGiveTheMachineTheModelsCodes) {
  for (const auto& [type, zero_x, zero_y] :
       {std::tuple(Type::INT8, 0, 0), std::tuple(Type::INT8, -3, 40), std::tuple(Type::UINT8, 128, 100)}) {
    const Ran ran = run_model(convolution(type, zero_x, zero_y), {{"x", kImage}});
    ASSERT_EQ(ran.result.nodes.size(), 1U);
    EXPECT_EQ(ran.node("conv").on, Side::Bpu);
    EXPECT_EQ(ran.node("conv").accuracy->ideal_exact_fraction, 1);
    EXPECT_EQ(ran.outputs.at("y_dq").values, kResult) << zero_x;
  }
}

TEST(GivenGrids, GoldenHasTheWeightsOfTheCodesAndNoRounding) {
  // The real results are -2.5, -1.375 + 0.25 * (0.75 - 0)..., of x itself: its second pixel has 0.25 in
  // channel 1: -1.375 - 5 * 0.25 * 0.25 = -1.6875 and -9.25 + 60 * 0.5 * 0.25 = -1.75. Errors: 0.5, 0.3125,
  // 1, 8.25.
  const Ran ran = run_model(convolution(Type::INT8, 0, 0), {{"x", kImage}});
  EXPECT_NEAR(ran.node("conv").accuracy->max_abs_error, 8.25, 1e-12);
}

TEST(GivenGrids, OperatorsOnCodesAreTheSame) {
  QuantisedModel model;
  model.input("x", {1, 2, 1, 2});
  model.output("y_dq", {1, 2, 1, 2});
  model.grid("x", 0.5F, 130, Type::UINT8);
  model.grid("y", 2.0F, 60, Type::UINT8);
  add_weights(model);
  model.quantise("x", "x", "x_codes");
  model.node("QLinearConv",
             {"x_codes", "x_scale", "x_zero", "w_codes", "w_scale", "w_zero", "y_scale", "y_zero", "b_codes"},
             {"y_codes"}, "conv");
  model.dequantise("y_codes", "y", "y_dq");
  const Ran ran = run_model(model, {{"x", kImage}});
  ASSERT_EQ(ran.result.nodes.size(), 1U);
  EXPECT_EQ(ran.node("conv/Conv").on, Side::Bpu);
  EXPECT_EQ(ran.outputs.at("y_dq").values, kResult);
}

TEST(GivenGrids, CodesThatEnterAndLeaveStayExact) {
  // uint8 in, uint8 out: what is quantised is the application's.
  QuantisedModel model;
  model.input("x_codes", {1, 2, 1, 2}, Type::UINT8);
  testing::declare(*model.graph().add_output(), "y_codes", {1, 2, 1, 2}, Type::UINT8);
  model.grid("x", 0.5F, 100, Type::UINT8);
  model.grid("y", 2.0F, 60, Type::UINT8);
  add_dequantised_weights(model);
  model.dequantise("x_codes", "x", "x");
  model.node("Conv", {"x", "w", "b"}, {"y"}, "conv");
  model.quantise("y", "y", "y_codes");
  const Ran ran = run_model(model, {{"x_codes", Tensor({1, 2, 1, 2}, {102, 95, 106, 100})}});
  EXPECT_EQ(ran.outputs.at("y_codes").values, (Values{59, 59, 106, 55}));
  EXPECT_EQ(ran.node("conv").on, Side::Bpu);
}

TEST(GivenGrids, UnsignedWeightsKeepTheirCodesWhereInt8HoldsThem) {
  for (const std::int64_t zero : {128, 200}) {
    // Codes less their zero point: -100 and 27, or -172 and -45, which int8 has not.
    QuantisedModel model;
    model.input("x", {1, 2});
    model.output("y_dq", {1, 1});
    model.grid("x", 1.0F, 0, Type::INT8);
    model.grid("y", 100.0F, 0, Type::INT8);
    model.codes("w_codes", {2, 1}, Type::UINT8, {28, 155});
    model.grid("w", 0.5F, zero, Type::UINT8);
    model.dequantise("w_codes", "w", "w");
    model.pair("x", "x");
    model.node("MatMul", {"x_dq", "w"}, {"y"}, "product");
    model.pair("y", "y");
    const Ran ran = run_model(model, {{"x", Tensor({1, 2}, {100, 10})}});
    EXPECT_EQ(ran.warns("quantised anew"), zero == 200);
    // -5000 + 135 = -4865: -49 steps; -8600 - 225 = -8825: -88 steps.
    EXPECT_EQ(ran.outputs.at("y_dq").values, (Values{zero == 128 ? -4900.0 : -8800.0}));
  }
}

TEST(GivenGrids, AGridThatSaturatesStandsForTheReluThatQuantisersLeaveOut) {
  QuantisedModel model = convolution(Type::UINT8, 128, 0);
  const Ran ran = run_model(model, {{"x", kImage}});
  EXPECT_EQ(ran.outputs.at("y_dq").values, (Values{0, 0, 92, 0}));
  EXPECT_NEAR(ran.node("conv").accuracy->max_abs_error, 1, 1e-12);  // golden saturates too: 93 beside 92
}

TEST(GivenGrids, WhatTheModelRoundsBetweenIsRounded) {
  // conv rounds to steps of 64, and relu's grid has steps of 1: 93 is 64, though the array's sum is 93.
  QuantisedModel model = convolution(Type::INT8, 0, 0);
  model.graph().clear_output();
  model.output("z_dq", {1, 2, 1, 2});
  model.grid("coarse", 64.0F, 0, Type::INT8);
  model.grid("fine", 1.0F, 0, Type::INT8);
  auto& nodes = *model.graph().mutable_node();
  while (nodes.size() > 0 && nodes[nodes.size() - 1].op_type() != "Conv") nodes.RemoveLast();
  model.pair("y", "coarse");
  model.node("Relu", {"y_dq"}, {"z"}, "relu");
  model.pair("z", "fine");
  const Ran ran = run_model(model, {{"x", kImage}});
  EXPECT_EQ(ran.outputs.at("z_dq").values, (Values{0, 0, 64, 0}));
}

TEST(GivenGrids, AValueThatIsReadAsFloatsTooIsRequantised) {
  QuantisedModel model;
  model.input("x", {1, 4});
  model.output("y_dq", {1, 4});
  model.output("z", {1, 4});
  model.grid("y", 1.0F, 0, Type::INT8);
  model.node("Neg", {"x"}, {"r"}, "neg");
  model.pair("r", "y");
  model.node("Neg", {"r_dq"}, {"y"}, "back");
  model.pair("y", "y");
  model.node("Neg", {"r"}, {"z"}, "other");
  const Ran ran = run_model(model, {{"x", Tensor({1, 4}, {1.27, -1.0, 0.0, 0.42})}});
  EXPECT_TRUE(ran.warns("'r' is read as floats too"));
  EXPECT_EQ(ran.node("r_codes.q").op, "Clip");
  EXPECT_EQ(ran.outputs.at("y_dq").values, (Values{1, -1, 0, 0}));
  EXPECT_NEAR(ran.outputs.at("z").values[3], 0.42, 1e-9);  // on its own grid, of 0.01
}

TEST(GivenGrids, PartsOfAConcatOnGridsOfTheirOwnMeetOnTheResults) {
  QuantisedModel model;
  model.input("a", {1, 2});
  model.input("b", {1, 2});
  model.output("y_dq", {1, 4});
  model.grid("a", 0.25F, 5, Type::INT8);
  model.grid("b", 1.0F, 0, Type::INT8);
  model.grid("y", 0.5F, -7, Type::INT8);
  model.pair("a", "a");
  model.pair("b", "b");
  set_int(model.node("Concat", {"a_dq", "b_dq"}, {"y"}, "concat"), "axis", 1);
  model.pair("y", "y");
  // a: 0.75 stays (3 steps of 0.25, 1.5 of 0.5: a tie, to 2, which is 1), -0.6 is -0.5; b: 3.4 is 3, -80
  // saturates at (-128 + 7) * 0.5 = -60.5.
  const Ran ran = run_model(model, {{"a", Tensor({1, 2}, {0.75, -0.6})}, {"b", Tensor({1, 2}, {3.4, -80})}});
  EXPECT_EQ(ran.outputs.at("y_dq").values, (Values{1, -0.5, 3, -60.5}));
  EXPECT_EQ(ran.node("concat/requantise").op, "Clip");
}

TEST(GivenGrids, MovesOfCodesAreMovesOfNumbers) {
  QuantisedModel model;
  model.input("x", {1, 1, 2, 2});
  model.output("y", {1, 1});
  model.grid("x", 0.5F, 3, Type::UINT8);
  model.quantise("x", "x", "x_codes");
  testing::set_ints(model.node("MaxPool", {"x_codes"}, {"most"}, "pool"), "kernel_shape", {2, 2});
  set_int(model.node("Flatten", {"most"}, {"flat"}, "flatten"), "axis", 1);
  model.dequantise("flat", "x", "y");
  const Ran ran = run_model(model, {{"x", Tensor({1, 1, 2, 2}, {1, 7.6, -9, 2})}});
  EXPECT_EQ(ran.node("pool").on, Side::Bpu);
  EXPECT_EQ(ran.outputs.at("y").values, (Values{7.5}));
}

// Codes of 1, -2.5, 3 and 0.25 in steps of 0.5 from -4, in the other order; as they are, and as another grid
// reads them: 0.25 (q - 1).
TEST(GivenGrids, MovedCodesMayLeaveAndMeetAnotherGrid) {
  for (const int type : {Type::INT8, Type::UINT8})
    for (const bool leave : {true, false}) {
      SCOPED_TRACE(type == Type::INT8 ? "int8" : "uint8");
      QuantisedModel model;
      model.input("x", {1, 1, 2, 2});
      model.output("y", {1, 1, 2, 2});
      model.grid("x", 0.5F, 8, type);
      model.grid("other", 0.25F, 1, type);
      model.quantise("x", "x", "codes");
      testing::set_ints(model.node("Transpose", {"codes"}, {leave ? "y" : "turned"}, "turn"), "perm",
                        {0, 1, 3, 2});
      if (!leave) model.dequantise("turned", "other", "y");
      const Ran ran = run_model(model, {{"x", Tensor({1, 1, 2, 2}, {1, -2.5, 3, 0.25})}});
      EXPECT_EQ(ran.outputs.at("y").values, leave ? (Values{10, 14, 3, 8}) : (Values{2.25, 3.25, 0.5, 1.75}));
    }
}

TEST(GivenGrids, InputsThatAreQuantisedAsTheyComeHaveOneGrid) {
  QuantisedModel model;
  model.input("x", {2, 2});
  model.output("y", {2, 2});
  model.codes("w_codes", {2, 2}, Type::INT8, {3, -5, 7, 60});
  model.codes("w_zero", {}, Type::INT8, {0});
  model.weights("w_scale", {}, {0.5F});
  model.node("DynamicQuantizeLinear", {"x"}, {"xq", "xs", "xz"}, "dynamic");
  model.node("MatMulInteger", {"xq", "w_codes", "xz", "w_zero"}, {"sums"}, "product");
  set_int(model.node("Cast", {"sums"}, {"real"}, "cast"), "to", 1);
  model.node("Mul", {"xs", "w_scale"}, {"scale"}, "scales");
  model.node("Mul", {"real", "scale"}, {"y"}, "scaled");
  const Ran ran = run_model(model, {{"x", Tensor({2, 2}, {1.27, -1, 0.5, 0})}});
  ASSERT_EQ(ran.result.nodes.size(), 1U);
  EXPECT_EQ(ran.node("scaled").op, "MatMul");
  EXPECT_EQ(ran.node("scaled").on, Side::Bpu);
  EXPECT_TRUE(ran.warns("inputs of product are quantised as they come"));
  EXPECT_GT(ran.node("scaled").accuracy->cosine, 0.9999);
  EXPECT_LT(ran.node("scaled").accuracy->max_abs_error, 0.2);  // half a step of about 30 / 127
}

TEST(GivenGrids, WithoutConstantScalesTheCpuRunsWhatTheFileSays) {
  QuantisedModel model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  model.node("DynamicQuantizeLinear", {"x"}, {"xq", "xs", "xz"}, "dynamic");
  model.node("DequantizeLinear", {"xq", "xs", "xz"}, {"y"}, "back");
  const Ran ran = run_model(model, {{"x", Tensor({1, 4}, {-1, 4.1, 0.5, 0})}});
  EXPECT_TRUE(ran.node("dynamic").on_cpu());
  EXPECT_TRUE(ran.node("back").on_cpu());
}

}  // namespace
}  // namespace bpusim
