// Outputs of the network that leave as the sums of the convolution or product that makes them.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/input_error.h"
#include "sim/plan/placed_network.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::Lists;
using testing::lists;

struct Kind {
  std::string name;
  std::function<void(Builder&)> add;
};

Attributes grouped(std::int64_t groups, const Lists& list = {}) {
  Attributes a = lists(list);
  a.ints["group"] = groups;
  return a;
}

std::function<void(Builder&)> conv(const Shape& x, const Shape& w, const Attributes& a, bool bias = true) {
  return [=](Builder& b) {
    std::vector<std::string> inputs = {b.input(x), b.constant(w)};
    if (bias) inputs.push_back(b.constant({w[0]}));
    b.end("Conv", inputs, a);
  };
}

std::vector<Kind> kinds() {
  return {
      {"Conv", conv({1, 8, 20, 20}, {16, 8, 3, 3}, lists({{"pads", {1, 1, 1, 1}}}))},
      {"Conv without bias", conv({2, 8, 9, 7}, {5, 8, 3, 2}, lists({{"strides", {2, 1}}}), false)},
      {"Conv 1x1", conv({2, 24, 13, 11}, {40, 24, 1, 1}, {})},
      {"Conv depthwise", conv({1, 8, 20, 20}, {8, 1, 3, 3}, grouped(8, {{"dilations", {2, 2}}}))},
      {"Conv grouped", conv({1, 8, 12, 12}, {12, 4, 3, 3}, grouped(2))},
      {"Conv of one axis", conv({2, 8, 30}, {6, 8, 5}, {})},
      {"ConvTranspose",
       [](Builder& b) {
         b.end("ConvTranspose", {b.input({2, 8, 12, 12}), b.constant({8, 6, 3, 4})},
               lists({{"strides", {2, 3}}, {"pads", {1, 0, 1, 2}}}));
       }},
      {"Gemm",
       [](Builder& b) {
         b.end("Gemm", {b.input({30, 64}), b.constant({64, 50}), b.constant({50})});
       }},
      {"MatMul of rank 3",
       [](Builder& b) {
         b.end("MatMul", {b.input({3, 20, 64}), b.constant({64, 50})});
       }},
  };
}

TEST(Int32Outputs, AreTheIdealSumsOnEveryMachine) {
  for (const Kind& kind : kinds())
    for (const GridKind grids : {GridKind::Symmetric, GridKind::Affine})
      for (const std::vector<std::string>& settings :
           {std::vector<std::string>{}, {"sram.bytes=24KiB", "bpu.cores=3"}, {"sram.tensor_bytes=64KiB"}}) {
        SCOPED_TRACE(kind.name + (grids == GridKind::Affine ? " affine" : ""));
        Builder b;
        kind.add(b);
        RunSpec spec = b.spec();
        spec.defaults.quantisation = grids;
        const auto simulated = [&](const RunSpec& run, const RunOptions& options) {
          return simulate({run, read_machine("generic", settings), Policy::read("full")}, options);
        };
        const RunResult int8 = simulated(spec, {});
        spec.int32 = {kEverything};
        const RunResult int32 = simulated(spec, {}), timed = simulated(spec, RunOptions::timing());
        const NodeResult &narrow = int8.nodes.back(), &node = int32.nodes.back();
        EXPECT_EQ(node.out_type, "int32");
        EXPECT_EQ(node.accuracy->ideal_exact_fraction, 1);
        EXPECT_GT(node.accuracy->sqnr_db, narrow.accuracy->sqnr_db);
        EXPECT_GE(node.accuracy->ideal_loss_db, -1e-6);
        EXPECT_EQ(node.dram_write_bytes, 4 * narrow.dram_write_bytes);
        EXPECT_EQ(int32.cycles, timed.cycles);
        EXPECT_LE(node.roofline_fraction, 1);
      }
}

// x = 1, -2 and weights 0.5, 0.25: 0.5 - 0.5 + 0.1. Codes of the input, of 2/127, are 64 (63.5 to even) and
// -127; those of the weights, of 0.5/127, are 127 and 64 (63.5): the sum 64 * 127 - 127 * 64 is 0, and the
// bias 0.1 / (2/127 * 0.5/127) = 1612.9, 1613: 0.100006.
TEST(Int32Outputs, AreWorthTheirScales) {
  Builder b;
  const std::string x = b.constant(Tensor({1, 2}, {1, -2}));
  const std::string sums = b.add("MatMul", {x, b.constant(Tensor({2, 1}, {0.5, 0.25}))});
  b.end("Add", {sums, b.constant(Tensor({1}, {0.1}))});
  RunSpec spec = b.spec();
  spec.network.values.at(x).constant = false;
  spec.network.inputs = {x};
  spec.int32 = spec.network.outputs;
  Tensor left;
  RunOptions options;
  options.output = [&](const std::string&, const Tensor& values) { left = values; };
  const RunResult result = simulate({spec, read_machine("generic"), Policy::read("full")}, options);
  ASSERT_EQ(result.nodes.size(), 1U);
  ASSERT_EQ(left.values.size(), 1U);
  EXPECT_DOUBLE_EQ(left.values[0], 1613.0 / (127 * 127));
}

// Weights 1e-12 have steps of 1e-12/127, in which the bias 0.5 would be 4e15 with inputs in steps of 2/127;
// weights 0 have none of their own. Both biases come out as 2^30 steps; the other channel keeps its own.
TEST(Int32Outputs, ABiasBesideWeightsNextToNothingIsKept) {
  for (const GridKind grids : {GridKind::Symmetric, GridKind::Affine}) {
    Builder b;
    const std::string x = b.input({1, 2, 4, 5});
    const Tensor w({3, 2, 1, 1}, {1e-12, -1e-12, 0, 0, 0.5, 0.25});
    b.end("Conv", {x, b.constant(w), b.list({0.5, -0.013, 0.1})});
    RunSpec spec = b.spec();
    spec.defaults.quantisation = grids;
    spec.int32 = {kEverything};
    Tensor left;
    RunOptions options;
    options.output = [&](const std::string&, const Tensor& values) { left = values; };
    const RunResult result = simulate({spec, read_machine("generic"), Policy::read("full")}, options);
    ASSERT_EQ(left.values.size(), 60U);
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_NEAR(left.values[i], 0.5, 1e-8);
      EXPECT_NEAR(left.values[20 + i], -0.013, 1e-9);
    }
    EXPECT_EQ(result.nodes.back().accuracy->ideal_exact_fraction, 1);
    const std::vector<double>& scales = result.outputs.at(0).scales;
    ASSERT_EQ(scales.size(), 3U);
    EXPECT_DOUBLE_EQ(scales[0], 0.5 / (1 << 30));
    EXPECT_DOUBLE_EQ(scales[1], 0.013 / (1 << 30));
    EXPECT_GT(scales[2], 1e-6);
  }
}

// 100,000 products of up to 128 and 127 add up to 1.63e9, which int32 holds. The bias is 1.3e5 / (2/127 *
// 1/127) = 1.05e9 of their steps: together 2.7e9, beyond 2^31.
TEST(Int32Outputs, SumsThatPassInt32WithTheirBiasAreRefused) {
  Builder b;
  const std::int64_t taps = 100000;
  const std::string x = b.input({1, taps});
  b.end("Gemm", {x, b.constant(Tensor::filled({taps, 1}, 1)), b.list({1.3e5})});
  RunSpec spec = b.spec();
  EXPECT_NO_THROW(simulate({spec, read_machine("generic"), Policy::read("full")}, {}));
  spec.int32 = {kEverything};
  EXPECT_THROW(simulate({spec, read_machine("generic"), Policy::read("full")}, {}), InputError);
}

// Each output says how its codes are read: a channel of 20 elements a scale, one scale, none of float32.
TEST(Int32Outputs, SayTheirScales) {
  Builder b;
  const std::string x = b.input({2, 4, 4, 5});
  for (int i = 0; i < 3; ++i) b.end("Conv", {x, b.constant({3, 4, 1, 1})});
  RunSpec spec = b.spec();
  spec.int32 = {spec.network.outputs[0]};
  spec.on[spec.network.nodes[2].name] = Request::Cpu;
  const auto outputs = [&](const RunOptions& options) {
    return simulate({spec, read_machine("generic"), Policy::read("full")}, options).outputs;
  };
  const std::vector<OutputResult> rows = outputs({});
  ASSERT_EQ(rows.size(), 3U);
  const char* const types[] = {"int32", "int8", "float32"};
  const std::size_t scales[] = {3, 1, 0};
  const std::int64_t side_by_side[] = {20, 1, 1};
  const std::vector<OutputResult> timed = outputs(RunOptions::timing());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rows[i].name, spec.network.outputs[i]);
    EXPECT_EQ(rows[i].type, types[i]);
    EXPECT_EQ(rows[i].scales.size(), scales[i]);
    EXPECT_EQ(rows[i].channel_elements, side_by_side[i]);
    EXPECT_EQ(timed[i].type, types[i]);
    EXPECT_TRUE(timed[i].scales.empty());
  }
}

std::string refusal(const Builder& b, const std::vector<std::string>& names) {
  RunSpec spec = b.spec();
  spec.int32 = names;
  try {
    place_network(spec, Policy::read("full"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Int32Outputs, WhatCannotBeIsRefusedByName) {
  const auto expect = [](const Builder& b, const std::string& name, const std::string& why) {
    EXPECT_NE(refusal(b, {name}).find(why), std::string::npos) << refusal(b, {name});
    EXPECT_EQ(refusal(b, {kEverything}), "");
  };
  Builder alone;
  alone.end("Relu", {alone.input({1, 4, 5, 5})});
  expect(alone, alone.spec().network.outputs[0], "is no convolution or product with constant weights");
  expect(alone, "nobody", "'nobody' is no output of the network");
  Builder behind;
  const std::string sums = behind.add("Conv", {behind.input({1, 4, 5, 5}), behind.constant({3, 4, 1, 1})});
  behind.end("Relu", {sums});
  expect(behind, behind.spec().network.outputs[0], "(Relu) follows the sums");
  behind.output(sums);
  expect(behind, sums, "reads it too");
}

// A name in int8 and an int16 output stay what they are.
TEST(Int32Outputs, AllLeavesWhatIsNamedOtherwise) {
  Builder b;
  const std::string x = b.input({1, 4, 5, 5});
  for (int i = 0; i < 3; ++i) b.end("Conv", {x, b.constant({3, 4, 1, 1})});
  RunSpec spec = b.spec();
  spec.int32 = {kEverything};
  spec.int16 = {spec.network.nodes[0].name};
  spec.int8 = {spec.network.nodes[1].name};
  const Sharing sharing = place_network(spec, Policy::read("full")).sharing;
  EXPECT_EQ(sharing.dtype_of(spec.network.outputs[0]), DType::Int16);
  EXPECT_EQ(sharing.dtype_of(spec.network.outputs[1]), DType::Int8);
  EXPECT_EQ(sharing.dtype_of(spec.network.outputs[2]), DType::Int32);
}

// 2,000 products of int16 and int8 can add up to 2,000 * 2^15 * 2^7 = 2^33.
TEST(Int32Outputs, SumsOfInt16ThatCouldPassInt32AreRefused) {
  Builder b;
  const std::string x = b.input({1, 2000});
  b.end("MatMul", {x, b.constant({2000, 3})});
  RunSpec spec = b.spec();
  spec.int16 = {x};
  spec.int32 = {kEverything};
  EXPECT_EQ(place_network(spec, Policy::read("full")).sharing.dtype_of(spec.network.outputs[0]), DType::Int8);
  spec.int32 = spec.network.outputs;
  EXPECT_THROW(simulate({spec, read_machine("generic"), Policy::read("full")}, {}), InputError);
}

}  // namespace
}  // namespace bpusim
