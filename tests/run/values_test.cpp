// What runs may not get wrong without a word: whole numbers and truth, NaN and infinity, inputs that do not
// fit, outputs beyond the first, parameters that are computed, and operators that nothing runs.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/element_type.h"
#include "sim/network/onnx/import.h"
#include "sim/run/simulate.h"
#include "tests/network/error_of.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

using testing::error_of;
using testing::Model;
using testing::set_int;
using testing::set_ints;
using Inputs = std::map<std::string, AnyTensor>;
using Type = onnx::TensorProto;

Tensor drawn(const Shape& shape, double low, double high, bool whole) {
  static std::mt19937 random(11);
  Tensor tensor = Tensor::filled(shape, 0);
  for (double& v : tensor.values) {
    v = std::uniform_real_distribution<double>(low, high)(random);
    if (whole) v = std::trunc(v);
  }
  return tensor;
}

RunSpec spec_of(const Model& model, const Inputs& inputs) {
  RunSpec run;
  run.network = parse_onnx(model.bytes(), "m.onnx", "", {}, kOldestOpset, {inputs, {}});
  for (const auto& [name, tensor] : inputs) run.network.values[name].hold(std::get<Tensor>(tensor));
  return run;
}

RunResult run(const Model& model, const Inputs& inputs, const std::string& policy = "full",
              const RunOptions& options = {}) {
  return simulate({spec_of(model, inputs), read_machine("generic", {}), Policy::read(policy)}, options);
}

const NodeResult& node_of(const RunResult& result, const std::string& name) {
  for (const NodeResult& node : result.nodes)
    if (node.name == name) return node;
  throw std::out_of_range(name);
}

void expect_exact(const NodeResult& node, const std::string& type) {
  EXPECT_EQ(node.out_type, type) << node.name;
  EXPECT_TRUE(node.on_cpu()) << node.name;
  ASSERT_TRUE(node.accuracy) << node.name;
  EXPECT_EQ(node.accuracy->sqnr_db, kExactDb) << node.name;
  EXPECT_EQ(node.accuracy->ideal_exact_fraction, 1) << node.name;
}

std::string data_type(int type) {
  return to_string(type == Type::INT64   ? DType::Int64
                   : type == Type::INT32 ? DType::Int32
                   : type == Type::UINT8 ? DType::UInt8
                                         : DType::Bool);
}

// Numbers far beyond 127, through what adds, chooses, moves and compares them.
TEST(Exact, WholeNumbersOfEachType) {
  for (const int type : {Type::INT64, Type::INT32, Type::UINT8}) {
    Model model(13);
    model.input("a", {2, 40}, type);
    model.input("b", {40}, type);
    model.node("Add", {"a", "b"}, {"sum"}, "sum");
    set_ints(model.node("Transpose", {"sum"}, {"turned"}, "turned"), "perm", {1, 0});
    model.node("Greater", {"a", "b"}, {"more"}, "more");
    model.node("Where", {"more", "a", "b"}, {"larger"}, "larger");
    set_int(model.node("Cast", {"more"}, {"count"}, "count"), "to", Type::INT64);
    for (const char* name : {"turned", "larger", "count"}) model.output(name, {});
    const double high = type == Type::UINT8 ? 256 : 30000, low = type == Type::UINT8 ? 0 : -30000;
    const Inputs inputs = {{"a", drawn({2, 40}, low, high, true)}, {"b", drawn({40}, low, high, true)}};
    const RunResult result = run(model, inputs);
    for (const char* name : {"sum", "turned", "larger"}) expect_exact(node_of(result, name), data_type(type));
    expect_exact(node_of(result, "more"), "bool");
    expect_exact(node_of(result, "count"), "int64");
    EXPECT_EQ(run(model, inputs, "full", RunOptions::timing()).cycles, result.cycles);
  }
}

TEST(Exact, IndicesOfALargeTable) {
  Model model(13);
  model.input("ids", {1, 64}, Type::INT64);
  std::vector<float> table(257 * 8);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = std::sin(static_cast<float>(i));
  model.weights("table", {257, 8}, table);
  model.node("Gather", {"table", "ids"}, {"y"}, "look");
  model.output("y", {1, 64, 8});
  const RunResult result = run(model, {{"ids", drawn({1, 64}, -257, 257, true)}});
  EXPECT_EQ(node_of(result, "look").in_type, "int64");
  EXPECT_EQ(node_of(result, "look").out_type, "float32");
  EXPECT_GT(node_of(result, "look").accuracy->sqnr_db, 135);
  RunSpec wide = spec_of(model, {{"ids", Tensor::filled({1, 64}, 200)}});
  wide.int16 = {"ids"};
  EXPECT_EQ(error_of([&] {
              simulate({wide, read_machine("generic", {}), Policy::read("full")});
            }),
            "m.onnx: int16: 'ids' holds int64, which is on no grid");
}

TEST(Exact, PositionsAndAnotherShapeOfThem) {
  Model model(13);
  model.input("x", {1, 4, 300});
  std::vector<float> table(300 * 4);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = std::sin(static_cast<float>(i));
  model.weights("table", {300, 4}, table);
  model.integers("flat", {4});
  auto& position = model.node("ArgMax", {"x"}, {"i"}, "position");
  set_int(position, "axis", 2);
  set_int(position, "keepdims", 0);
  model.node("Reshape", {"i", "flat"}, {"f"}, "flat_i");  // the same bytes: nothing runs
  model.node("Gather", {"table", "f"}, {"y"}, "look");
  model.output("y", {4, 4});
  Tensor x = drawn({1, 4, 300}, -1, 1, false);
  for (const std::size_t at : {250, 300 + 7, 600 + 299, 900 + 130}) x.values[at] = 3;
  const RunResult result = run(model, {{"x", x}});
  ASSERT_EQ(result.nodes.size(), 2u);
  expect_exact(node_of(result, "position"), "int64");
  EXPECT_GT(node_of(result, "look").accuracy->sqnr_db, 35);
}

// Nothing converts whole numbers, and their own bytes are moved.
TEST(Exact, CostNoConversion) {
  const auto cycles = [](int type) {
    Model model(13);
    model.input("a", {1 << 16}, type);
    model.node("Expand", {"a", "shape"}, {"y"}, "n");
    model.integers("shape", {4, 1 << 16});
    model.output("y", {4, 1 << 16});
    return node_of(run(model, {{"a", Tensor::filled({1 << 16}, 1)}}, "full", RunOptions::timing()), "n")
        .cycles;
  };
  EXPECT_LT(cycles(Type::UINT8), cycles(Type::INT32));
  EXPECT_LT(cycles(Type::INT32), cycles(Type::INT64));
}

TEST(Exact, InputsThatAreNone) {
  Model model(13);
  model.input("i", {2}, Type::INT32);
  model.node("Identity", {"i"}, {"y"});
  model.output("y", {2});
  EXPECT_EQ(error_of([&] {
              spec_of(model, {{"i", Tensor({2}, {1, 0.5})}});
            }),
            "m.onnx: value 'i' is an input of int32, and what is given for it holds 0.5, which is no int32");
  EXPECT_NE(error_of([&] {
              spec_of(model, {{"i", Tensor({2}, {1, 4e9})}});
            }).find("holds 4e+09"),
            std::string::npos);
}

TEST(GivenInputs, TruthIsZeroOrOne) {
  for (const double given : {0.0, 1.0, 2.0, 0.5, -1.0})
    EXPECT_EQ(misfit(Tensor({2}, {1, given}), DType::Bool).empty(), given == 0 || given == 1) << given;
}

TEST(GivenInputs, ShapesThatDoNotFit) {
  Model model(13);
  model.open_input("a", "N", {3});
  model.open_input("b", "N", {5});
  set_int(model.node("Concat", {"a", "b"}, {"y"}), "axis", 1);
  model.output("y", {});
  const auto given = [&](const Shape& a, const Shape& b) {
    return error_of([&] { spec_of(model, {{"a", Tensor::filled(a, 1)}, {"b", Tensor::filled(b, 1)}}); });
  };
  EXPECT_EQ(given({4, 3}, {4, 5}), "no error");
  EXPECT_EQ(given({4, 2}, {4, 5}),
            "m.onnx: value 'a' is an input of shape Nx3, and what is given for it has 4x2");
  EXPECT_EQ(given({4, 3, 1}, {4, 5}),
            "m.onnx: value 'a' is an input of shape Nx3, and what is given for it has 4x3x1");
  EXPECT_EQ(given({4, 3}, {2, 5}),
            "m.onnx: value 'b' is an input of shape Nx5, and what is given for it has 2x5: 'N' is 4 already");
}

// y = OP(x) of one input.
RunResult of_one(const std::string& op, const std::vector<double>& x, const RunOptions& options = {}) {
  Model model(17);
  model.input("x", {static_cast<std::int64_t>(x.size())});
  model.node(op, {"x"}, {"y"}, "n");
  model.output("y", {});
  return run(model, {{"x", Tensor({static_cast<std::int64_t>(x.size())}, x)}}, "full", options);
}

TEST(OutsideOfADomain, NanIsAnErrorThatNamesTheNode) {
  for (const char* op : {"Sqrt", "Log", "Acos", "Asin", "Acosh", "Atanh"})
    EXPECT_EQ(
        error_of([&] {
          of_one(op, {0.5, -2, 1.5});
        }),
        std::string("m.onnx: n: ") + op +
            ": its result holds NaN, which no integer can stand for, where its input goes from -2 to 1.5");
}

TEST(OutsideOfADomain, InfinityIsAWarning) {
  for (const char* op : {"Log", "Reciprocal"}) {
    std::vector<std::string> told;
    RunOptions options;
    options.listener.warning = [&](const std::string& text) { told.push_back(text); };
    const RunResult result = of_one(op, {0, 1, 2}, options);
    EXPECT_EQ(told,
              std::vector<std::string>{std::string("n: ") + op +
                                       ": its result holds infinity, where its input goes from 0 to 2"});
    EXPECT_EQ(result.warnings, told);
  }
  EXPECT_TRUE(of_one("Log", {0.5, 1, 2}).warnings.empty());
}

// float64 holds whole numbers up to 2^53: 9007199254740993 is not among those that it does.
TEST(Exact, NumbersThatFloat64DoesNotHoldAreAWarning) {
  for (const double largest : {9007199254740992.0, 9007199254740994.0}) {
    Model model(13);
    model.input("a", {2}, Type::INT64);
    model.input("b", {2}, Type::INT64);
    model.node("Sub", {"a", "b"}, {"y"}, "n");
    model.output("y", {2}, Type::INT64);
    const RunResult result = run(model, {{"a", Tensor({2}, {largest, 1})}, {"b", Tensor({2}, {largest, 1})}});
    ASSERT_EQ(result.warnings.size(), largest > 0x1p53 ? 1U : 0U) << largest;
    if (largest > 0x1p53) {
      EXPECT_EQ(result.warnings[0],
                "n: Sub: whole numbers beyond 2^53, which float64 rounds, where its inputs go from 1 to "
                "9.0072e+15 and from 1 to 9.0072e+15");
    }
  }
}

TEST(LaterOutputs, OfNormsAreRead) {
  Model model(17);
  model.input("x", {2, 4, 8});
  model.weights("s", {8}, std::vector<float>(8, 1.5f));
  model.node("LayerNormalization", {"x", "s"}, {"n", "mean", "inverse"}, "norm");
  model.node("Mul", {"x", "inverse"}, {"t"});
  model.node("Sub", {"t", "mean"}, {"y"}, "last");
  model.output("y", {2, 4, 8});
  model.output("mean", {2, 4, 1});
  const RunResult result = run(model, {{"x", drawn({2, 4, 8}, -2, 3, false)}});
  EXPECT_TRUE(node_of(result, "norm").on_cpu());
  EXPECT_GT(node_of(result, "norm").accuracy->sqnr_db, 35);
  EXPECT_GT(node_of(result, "last").accuracy->sqnr_db, 30);
}

// Before opset 14 it is the outputs that ask for training.
TEST(LaterOutputs, OfOldBatchNormalizationMeanTraining) {
  for (const int opset : {9, 11, 13, 15}) {
    Model model(opset);
    model.input("x", {2, 3, 5, 5});
    for (const char* name : {"s", "b", "m", "v"}) model.weights(name, {3}, {1, 2, 3});
    model.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y", "rm", "rv"}, "norm");
    model.output("y", {2, 3, 5, 5});
    const Network network = spec_of(model, {{"x", drawn({2, 3, 5, 5}, 0, 1, false)}}).network;
    EXPECT_EQ(network.nodes[0].attributes.get("training_mode", std::int64_t{0}), opset < 14 ? 1 : 0);
  }
}

struct ComputedNorm {
  const char* op;
  std::vector<const char*> parameters;  // in order; those of one letter are constants
};

// Each parameter is the Softplus of an input, or a constant; on policies that run norms whole and in parts.
TEST(ComputedParameters, OfEachNorm) {
  const ComputedNorm norms[] = {
      {"LayerNormalization", {"scale", "bias"}},           {"LayerNormalization", {"scale"}},
      {"InstanceNormalization", {"scale", "b"}},           {"GroupNormalization", {"s", "bias"}},
      {"BatchNormalization", {"scale", "bias", "m", "v"}}, {"BatchNormalization", {"s", "b", "mean", "var"}}};
  for (const ComputedNorm& norm : norms)
    for (const char* policy : {"full", "bayes-e"}) {
      Model model(std::string(norm.op) == "GroupNormalization" ? 21 : 17);
      model.input("x", {2, 4, 6, 8});
      Inputs inputs = {{"x", drawn({2, 4, 6, 8}, -2, 2, false)}};
      const std::int64_t size = std::string(norm.op) == "LayerNormalization" ? 8 : 4;
      std::vector<std::string> names = {"x"};
      for (const std::string name : norm.parameters) {
        names.push_back(name);
        if (name.size() == 1) {
          model.weights(name, {size}, std::vector<float>(static_cast<std::size_t>(size), 0.75f));
          continue;
        }
        model.input(name + "0", {size});
        model.node("Softplus", {name + "0"}, {name});
        inputs[name + "0"] = drawn({size}, -1, 1, false);
      }
      auto& node = model.node(norm.op, names, {"y"}, "norm");
      if (std::string(norm.op) == "GroupNormalization") set_int(node, "num_groups", 2);
      model.output("y", {2, 4, 6, 8});
      const RunResult result = run(model, inputs, policy);
      EXPECT_GT(result.nodes.back().accuracy->sqnr_db, 25) << norm.op << " " << policy;
      const CheckResult checked =
          check({spec_of(model, inputs), read_machine("generic", {}), Policy::read(policy)});
      std::map<std::string, Side> sides;
      for (const PlacedNode& placed : checked.nodes) sides[placed.name] = placed.on;
      for (const NodeResult& row : result.nodes) EXPECT_EQ(row.on, sides.at(row.name)) << row.name;
    }
}

TEST(NotRun, EveryNodeAtOnce) {
  Model model(13);
  model.input("x", {1, 2, 4, 4, 4});
  set_ints(model.node("MaxPool", {"x"}, {"a"}, "pool"), "kernel_shape", {2, 2, 2});
  auto& own = model.node("IntegerMean", {"a"}, {"b"}, "own");
  own.set_domain("company");
  testing::attribute(own, "axes", onnx::AttributeProto::FLOATS).add_floats(1);  // of whatever type it is
  model.node("Loop", {"b"}, {"y"}, "loop");
  model.output("y", {});
  const Inputs inputs = {{"x", Tensor::filled({1, 2, 4, 4, 4}, 1)}};
  try {
    run(model, inputs);
    FAIL() << "it ran";
  } catch (const PlacementError& error) {
    for (const char* part :
         {"pool (MaxPool): MaxPool: input 1x2x4x4x4 has more than two spatial axes",
          "own (company.IntegerMean): operators of domain 'company'", "loop (Loop): loops"})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

// An output that has no arithmetic counts where somebody reads it; so does training where it leaves out.
// Plans add them; a model that names one means something else.
TEST(NotRun, OperatorsOfBpusimsOwnMaking) {
  for (const char* op : {"Quantise", "Requantise", "Dequantise", "PixelPreprocess"}) {
    Model model(13);
    model.input("x", {1, 3, 4, 4});
    model.weights("w", {3, 3, 1, 1}, std::vector<float>(9, 1));
    model.weights("b", {3}, {1, 2, 3});
    model.node(op, {"x", "w", "b"}, {"y"}, "n");
    model.output("y", {1, 3, 4, 4});
    EXPECT_THROW(run(model, {{"x", drawn({1, 3, 4, 4}, 0, 1, false)}}), PlacementError) << op;
  }
}

TEST(NotRun, WhatNobodyAsksForIsInNobodysWay) {
  for (const bool read : {false, true}) {
    Model model(13);
    model.input("x", {1, 2, 4, 4});
    set_ints(model.node("MaxPool", {"x"}, {"p", "i"}, "pool"), "kernel_shape", {2, 2});
    model.weights("ratio", {}, {read ? 0.5F : 0.0F});
    model.input("training", {}, Type::BOOL);
    model.node("Dropout", {"p", "ratio", "training"}, {"y"}, "drop");
    model.output("y", {1, 2, 3, 3});
    if (read) model.output("i", {1, 2, 3, 3});
    const Inputs inputs = {{"x", drawn({1, 2, 4, 4}, -1, 1, false)}, {"training", Tensor({}, {1})}};
    if (!read) {
      EXPECT_EQ(run(model, inputs).nodes.size(), 1U);  // the pool
    } else {
      EXPECT_THROW(run(model, inputs), PlacementError);
    }
  }
}

// What turns out by the values alone, too.
TEST(NotRun, TrainingThatAnInputAsksFor) {
  for (const double training : {0.0, 1.0}) {
    Model model(13);
    model.input("x", {4});
    model.input("training", {}, Type::BOOL);
    model.weights("ratio", {}, {0.5F});
    model.node("Dropout", {"x", "ratio", "training"}, {"y"}, "drop");
    model.output("y", {4});
    const Inputs inputs = {{"x", Tensor({4}, {1, 2, 3, 4})}, {"training", Tensor({}, {training})}};
    if (training == 0) {
      EXPECT_NO_THROW(run(model, inputs));
    } else {
      EXPECT_THROW(run(model, inputs), PlacementError);
    }
  }
}

TEST(NotRun, ThreeSpatialAxesRunOnTheCpu) {
  Model model(13);
  model.input("x", {1, 2, 4, 5, 6});
  std::vector<float> weights(4 * 27);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(static_cast<float>(i));
  model.weights("w", {4, 1, 3, 3, 3}, weights);
  auto& conv = model.node("Conv", {"x", "w"}, {"y"}, "conv");
  set_int(conv, "group", 2);
  set_ints(conv, "pads", {1, 0, 1, 0, 0, 1});
  set_ints(conv, "strides", {1, 2, 1});
  model.output("y", {1, 4, 3, 2, 6});
  const RunResult result = run(model, {{"x", drawn({1, 2, 4, 5, 6}, -1, 1, false)}});
  EXPECT_TRUE(node_of(result, "conv").on_cpu());
  EXPECT_GT(node_of(result, "conv").accuracy->sqnr_db, 35);
}

// Of one number the cosine is no more than a sign: "auto" takes the method with the least error.
// Zeros are on any grid: beside them a tensor keeps its own, as fine as alone.
TEST(Grids, OfATensorBesideZeros) {
  for (const bool affine : {false, true})
    for (const bool zeros : {false, true}) {
      Model model(13);
      model.input("x", {1, 32});
      model.weights("beside", {1, 32}, std::vector<float>(32, zeros ? 0.0F : 0.01F));
      set_int(model.node("Concat", {"beside", "x"}, {"y"}, "n"), "axis", 1);
      model.output("y", {1, 64});
      RunSpec spec = spec_of(model, {{"x", drawn({1, 32}, -0.01, 0.01, false)}});
      if (affine) spec.defaults.quantisation = GridKind::Affine;
      const RunResult result = simulate({spec, read_machine("generic", {}), Policy::read("full")});
      EXPECT_GT(node_of(result, "n").accuracy->sqnr_db, 35) << affine << zeros;
    }
}

TEST(AutoCalibration, OfAnOutputOfOneNumber) {
  Model model(13);
  model.input("x", {1, 64});
  std::vector<float> weights(64);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.05f * std::sin(static_cast<float>(i));
  model.weights("w", {64, 1}, weights);
  model.node("MatMul", {"x", "w"}, {"y"}, "n");
  model.output("y", {1, 1});
  Tensor x = drawn({1, 64}, -0.1, 0.1, false);
  x.values[1] = 40;  // what a percentile cuts off is nearly all
  RunSpec spec = spec_of(model, {{"x", x}});
  spec.defaults.calibration = "auto";
  const RunResult result = simulate({spec, read_machine("generic", {}), Policy::read("full")});
  EXPECT_GT(result.nodes.back().accuracy->sqnr_db, 30);
}

}  // namespace
}  // namespace bpusim
