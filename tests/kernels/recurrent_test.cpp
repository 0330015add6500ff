// Recurrent layers of one unit, by hand; and what must be the same whichever way a layer is written.
#include "kernels/vector/recurrent.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/tensor/random.h"

namespace bpusim {
namespace {

using Values = std::vector<double>;
using Words = std::vector<std::string>;

// Inputs by RecurrentInput; those that are not set are not given.
struct Layer {
  std::string op;
  Attributes attributes;
  std::vector<Tensor> inputs = std::vector<Tensor>(8, Tensor({0}, {}));

  std::vector<Tensor> run() const {
    std::vector<Shape> shapes;
    std::vector<const Tensor*> given;
    for (const Tensor& input : inputs) {
      shapes.push_back(input.shape);
      given.push_back(&input);
    }
    return recurrent(resolve_recurrent(op, attributes, shapes), given);
  }
};

// Functions that leave their input as it is.
Words identities(std::size_t count) {
  return Words(count, "Affine");
}

// One unit, one sample: x over the steps, w and r by gate.
Layer unit(const std::string& op, const Values& x, const Values& w, const Values& r) {
  const auto gates = static_cast<std::int64_t>(w.size());
  Layer layer{op, {}};
  layer.attributes.string_lists["activations"] = identities(gates == 4 ? 3 : gates == 3 ? 2 : 1);
  layer.inputs[kX] = Tensor({static_cast<std::int64_t>(x.size()), 1, 1}, x);
  layer.inputs[kW] = Tensor({1, gates, 1}, w);
  layer.inputs[kR] = Tensor({1, gates, 1}, r);
  return layer;
}

Tensor state(double value) {
  return Tensor({1, 1, 1}, {value});
}

// 0.5 * 1 + 0.1 + 0.2 = 0.8; 0.5 * 2 + 0.25 * 0.8 + 0.3 = 1.5.
TEST(Recurrent, StepsOfAnRnn) {
  Layer layer = unit("RNN", {1, 2}, {0.5}, {0.25});
  layer.inputs[kB] = Tensor({1, 2}, {0.1, 0.2});
  const auto y = layer.run();
  ASSERT_EQ(y.size(), 2u);
  EXPECT_EQ(y[0].shape, (Shape{2, 1, 1, 1}));
  EXPECT_DOUBLE_EQ(y[0].values[0], 0.8);
  EXPECT_DOUBLE_EQ(y[0].values[1], 1.5);
  EXPECT_EQ(y[1].shape, (Shape{1, 1, 1}));
  EXPECT_DOUBLE_EQ(y[1].values[0], 1.5);
}

// Gates i o f c of 1 are 1, 2, 0.5, 3. From a cell of 2: 0.5 * 2 + 1 * 3 = 4, and the output 2 * 4.
TEST(Recurrent, GatesOfAnLstm) {
  Layer layer = unit("LSTM", {1}, {1, 2, 0.5, 3}, {0, 0, 0, 0});
  layer.inputs[kInitialC] = state(2);
  auto y = layer.run();
  ASSERT_EQ(y.size(), 3u);
  EXPECT_EQ(y[0].values, Values{8});
  EXPECT_EQ(y[1].values, Values{8});
  EXPECT_EQ(y[2].values, Values{4});
  // Without a forget gate of its own: (1 - 1) * 2 + 1 * 3 = 3.
  layer.attributes.ints["input_forget"] = 1;
  EXPECT_EQ(layer.run()[2].values, Values{3});
  EXPECT_EQ(layer.run()[0].values, Values{6});
}

// Peepholes i o f of 0.5, 0.25, 1: i = 1 + 0.5 * 2 = 2, f = 0.5 + 1 * 2 = 2.5, the cell 2.5 * 2 + 2 * 3 = 11;
// the output gate looks at the new one: 2 + 0.25 * 11 = 4.75.
TEST(Recurrent, PeepholesOfAnLstm) {
  Layer layer = unit("LSTM", {1}, {1, 2, 0.5, 3}, {0, 0, 0, 0});
  layer.inputs[kInitialC] = state(2);
  layer.inputs[kPeepholes] = Tensor({1, 3}, {0.5, 0.25, 1});
  const auto y = layer.run();
  EXPECT_EQ(y[2].values, Values{11});
  EXPECT_EQ(y[0].values, Values{4.75 * 11});
}

// As most are: logistic gates, tanh of what is new and of the cell. i o f c take 0.5, -1, 2, 0.25.
TEST(Recurrent, FunctionsOfAnLstm) {
  Layer layer = unit("LSTM", {1}, {0.25, -0.5, 1, 0.125}, {0.25, -0.5, 1, 0.125});
  layer.attributes = {};
  layer.inputs[kInitialH] = state(1);
  layer.inputs[kInitialC] = state(0.5);
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  const double cell = logistic(2) * 0.5 + logistic(0.5) * std::tanh(0.25);
  const auto y = layer.run();
  EXPECT_DOUBLE_EQ(y[2].values[0], cell);
  EXPECT_DOUBLE_EQ(y[1].values[0], logistic(-1) * std::tanh(cell));
}

// z r h of 1 are 0.5, 2, 3, from a state of 4 with R = 1 and biases 0.25 and 0.5 for h. The reset gate takes
// the state: 3 + 2 * 4 + 0.5 + 0.25 = 11.75, and half of it beside half of 4 is 7.875; or what the
// recurrence makes of it: 3 + 2 * (4 + 0.5) + 0.25 = 12.25, and 8.125.
TEST(Recurrent, WhatAGrusResetGateTakes) {
  Layer layer = unit("GRU", {1}, {0.5, 2, 3}, {0, 0, 1});
  layer.inputs[kB] = Tensor({1, 6}, {0, 0, 0.25, 0, 0, 0.5});
  layer.inputs[kInitialH] = state(4);
  EXPECT_EQ(layer.run()[1].values, Values{7.875});
  layer.attributes.ints["linear_before_reset"] = 1;
  EXPECT_EQ(layer.run()[1].values, Values{8.125});
}

// Sums from the front: 1, 3, 7; from the back: 7, 6, 4.
TEST(Recurrent, Directions) {
  Layer layer = unit("RNN", {1, 2, 4}, {1}, {1});
  layer.attributes.strings["direction"] = "reverse";
  EXPECT_EQ(layer.run()[0].values, (Values{7, 6, 4}));
  EXPECT_EQ(layer.run()[1].values, Values{7});
  layer.attributes.strings["direction"] = "bidirectional";
  layer.attributes.string_lists["activations"] = identities(2);
  layer.inputs[kW] = layer.inputs[kR] = Tensor({2, 1, 1}, {1, 1});
  const auto y = layer.run();
  EXPECT_EQ(y[0].shape, (Shape{3, 2, 1, 1}));
  EXPECT_EQ(y[0].values, (Values{1, 7, 3, 6, 7, 4}));
  EXPECT_EQ(y[1].values, (Values{7, 7}));
}

// A sequence of two steps beside one of three: behind its end there is 0, and backwards it begins there.
TEST(Recurrent, SequencesEnd) {
  Layer layer = unit("RNN", {1, 2, 4}, {1}, {1});
  layer.inputs[kX] = Tensor({3, 2, 1}, {1, 1, 2, 2, 4, 4});
  layer.inputs[kLengths] = Tensor({2}, {3, 2});
  EXPECT_EQ(layer.run()[0].values, (Values{1, 1, 3, 3, 7, 0}));
  EXPECT_EQ(layer.run()[1].values, (Values{7, 3}));
  layer.attributes.strings["direction"] = "reverse";
  EXPECT_EQ(layer.run()[0].values, (Values{7, 3, 6, 2, 4, 0}));
  EXPECT_EQ(layer.run()[1].values, (Values{7, 3}));
  layer.inputs[kLengths] = Tensor({2}, {3, 4});
  EXPECT_THROW(layer.run(), std::invalid_argument);
}

// Parameters stand in one list, and each function takes those that it has: LeakyRelu(0.5) of -1, then
// 2 * -1 + 3.
TEST(Recurrent, ParametersOfFunctionsInTheirOrder) {
  Layer layer = unit("RNN", {-1}, {1}, {0});
  layer.attributes.strings["direction"] = "bidirectional";
  layer.attributes.string_lists["activations"] = {"LeakyRelu", "Affine"};
  layer.attributes.float_lists["activation_alpha"] = {0.5, 2};
  layer.attributes.float_lists["activation_beta"] = {3};
  layer.inputs[kW] = layer.inputs[kR] = Tensor({2, 1, 1}, {1, 0});
  layer.inputs[kW].values = {1, 1};
  EXPECT_EQ(layer.run()[0].values, (Values{-0.5, 1}));
}

// What goes into a function lies within the clip.
TEST(Recurrent, Clip) {
  Layer layer = unit("RNN", {-3, 1}, {1}, {0});
  layer.attributes.floats["clip"] = 1.5;
  EXPECT_EQ(layer.run()[0].values, (Values{-1.5, 1}));
}

Tensor turned(const Tensor& x, const Shape& shape, const std::vector<std::size_t>& from) {
  Tensor y = Tensor::filled(shape, 0);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    Shape at(shape.size());
    std::int64_t rest = i, source = 0;
    for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d]) at[from[d]] = rest % shape[d];
    for (std::size_t d = 0; d < at.size(); ++d) source = source * x.shape[d] + at[d];
    y.values[static_cast<std::size_t>(i)] = x.values[static_cast<std::size_t>(source)];
  }
  return y;
}

// Samples in front are the same numbers in another order, for every operator.
TEST(Recurrent, LayoutsAgree) {
  const struct {
    const char* op;
    std::int64_t gates;
  } cells[] = {{"RNN", 1}, {"GRU", 3}, {"LSTM", 4}};
  for (const auto& cell : cells) {
    SCOPED_TRACE(cell.op);
    const std::int64_t rows = cell.gates * 3;
    Layer layer{cell.op, {}};
    layer.attributes.strings["direction"] = "bidirectional";
    layer.inputs[kX] = random_normal({5, 2, 4}, 0, 1, 1);
    layer.inputs[kW] = random_normal({2, rows, 4}, 0, 0.5, 2);
    layer.inputs[kR] = random_normal({2, rows, 3}, 0, 0.5, 3);
    layer.inputs[kB] = random_normal({2, 2 * rows}, 0, 0.5, 4);
    layer.inputs[kLengths] = Tensor({2}, {5, 3});
    layer.inputs[kInitialH] = random_normal({2, 2, 3}, 0, 1, 5);
    const auto steps_first = layer.run();
    layer.attributes.ints["layout"] = 1;
    layer.inputs[kX] = turned(layer.inputs[kX], {2, 5, 4}, {1, 0, 2});
    layer.inputs[kInitialH] = turned(layer.inputs[kInitialH], {2, 2, 3}, {1, 0, 2});
    const auto samples_first = layer.run();
    EXPECT_EQ(samples_first[0].values, turned(steps_first[0], {2, 5, 2, 3}, {2, 0, 1, 3}).values);
    for (std::size_t k = 1; k < steps_first.size(); ++k)
      EXPECT_EQ(samples_first[k].values, turned(steps_first[k], {2, 2, 3}, {1, 0, 2}).values);
  }
}

std::string refusal(const Layer& layer) {
  try {
    layer.run();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Recurrent, WhatDoesNotFitIsNamed) {
  Layer layer = unit("GRU", {1}, {1, 1, 1}, {1, 1, 1});
  layer.inputs[kB] = Tensor({1, 3}, {0, 0, 0});
  EXPECT_EQ(refusal(layer), "GRU: B has shape 1x3, it takes 1x6");
  layer = unit("LSTM", {1}, {1, 1, 1, 1}, {1, 1, 1, 1});
  layer.attributes.string_lists["activations"] = {"Sigmoid", "Tan", "Tanh"};
  EXPECT_NE(refusal(layer).find("activations: 'Tan' is none of Relu, Tanh"), std::string::npos);
  layer.attributes.string_lists["activations"] = {"Sigmoid"};
  EXPECT_EQ(refusal(layer), "LSTM: activations has 1 words, it takes 3");
  layer.attributes = {};
  layer.attributes.ints["hidden_size"] = 2;
  EXPECT_EQ(refusal(layer), "LSTM: hidden_size is 2, and R has 1 units");
  layer.attributes = {};
  layer.attributes.strings["direction"] = "backward";
  EXPECT_EQ(refusal(layer), "LSTM: direction 'backward' is none of forward, reverse, bidirectional");
}

// One step of 2 inputs and 3 units: 4 gates of 3 units with 2 * (2 + 3) for products and 3 for two sums and a
// function, and 5 a unit for cell and output: 3 * (4 * 13 + 5).
TEST(Recurrent, Operations) {
  const RecurrentProblem p = resolve_recurrent("LSTM", {}, {{1, 1, 2}, {1, 12, 2}, {1, 12, 3}});
  EXPECT_EQ(recurrent_operations(p), 171);
}

}  // namespace
}  // namespace bpusim
