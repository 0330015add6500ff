// Every operator with int16 tensors on either side, against the ideal result of the same codes, on machines
// that cut tensors in different ways.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "sim/plan/placed_network.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::Lists;
using testing::lists;
using testing::number;
using testing::word;

Attributes with(Attributes a, const std::string& name, std::int64_t value) {
  a.ints[name] = value;
  return a;
}

// Codes that were compared, those that are the ideal ones, and those next to them.
struct Count {
  double elements = 0, equal = 0, near = 0;
};

// What is int16: all, or the inputs alone, or the results alone.
enum class Wide { All, Inputs, Results };

RunSpec widened(const Builder& network, Wide wide) {
  RunSpec spec = network.spec();
  if (wide == Wide::All) spec.int16 = {"all"};
  if (wide == Wide::Inputs) spec.int16 = spec.network.inputs;
  for (const Node& node : spec.network.nodes)
    if (wide == Wide::Results) spec.int16.push_back(node.name);
  return spec;
}

Count count(const Builder& network, Wide wide, GridKind grids, const std::string& smallest) {
  Count counted;
  RunSpec spec = widened(network, wide);
  spec.defaults.quantisation = grids;
  const PlacedNetwork placed = place_network(spec, Policy::read("full"));
  const auto elements =
      static_cast<double>(element_count(placed.network.shape_of(placed.network.nodes.back().outputs[0])));
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{}, {"sram.bytes=" + smallest, "bpu.cores=3"}, {"sram.tensor_bytes=64KiB"}}) {
    const Scenario scenario{spec, read_machine("generic", settings), Policy::read("full")};
    const RunResult result = simulate(scenario, {}), timed = simulate(scenario, RunOptions::timing());
    EXPECT_EQ(result.cycles, timed.cycles);
    bool any = false;
    for (const NodeResult& node : result.nodes) {
      EXPECT_EQ(node.on, Side::Bpu) << node.name << ": " << node.reason;
      EXPECT_LE(node.roofline_fraction, 1) << node.name;
      any = any || node.in_type == "int16" || node.out_type == "int16";
      counted.elements += elements;
      counted.equal += elements * node.accuracy->ideal_exact_fraction;
      counted.near += elements * node.accuracy->ideal_within_1lsb_fraction;
      if (wide == Wide::All) {
        EXPECT_GT(node.accuracy->sqnr_db, 45) << node.name;
      }
    }
    EXPECT_TRUE(any);
  }
  return counted;
}

struct Operator {
  std::string name;
  std::function<void(Builder&)> add;
};

std::function<void(Builder&)> one(const std::string& op, const Attributes& a = {}) {
  return [op, a](Builder& b) { b.end(op, {b.input({2, 8, 12, 20})}, a); };
}

std::function<void(Builder&)> two(const std::string& op, const Shape& first, const Shape& second,
                                  double low = -2) {
  return [=](Builder& b) { b.end(op, {b.input(first), b.input(second, low)}); };
}

// Reductions, and operators of two operands.
std::vector<Operator> reductions_and_pairs() {
  std::vector<Operator> all;
  for (const char* op :
       {"ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceMax", "ReduceMin"})
    for (const Lists& axes : {Lists{{"axes", {1}}}, Lists{{"axes", {3}}}, Lists{{"axes", {0, 2, 3}}}})
      all.push_back({op, one(op, lists(axes))});
  all.push_back({"ReduceMean of an image", one("ReduceMean", lists({{"axes", {2, 3}}}))});
  for (const char* op : {"Add", "Sub", "Mul", "Min", "Max", "PRelu"})
    for (const Shape& second : {Shape{2, 8, 12, 20}, Shape{8, 1, 1}, Shape{2, 1, 12, 1}})
      all.push_back({op, two(op, {2, 8, 12, 20}, second)});
  all.push_back({"Div", two("Div", {2, 8, 12, 20}, {2, 8, 12, 20}, 0.5)});
  all.push_back({"Relu", one("Relu")});
  return all;
}

std::vector<Operator> products() {
  std::vector<Operator> all;
  all.push_back({"MatMul", two("MatMul", {3, 40, 64}, {3, 64, 50})});
  all.push_back(
      {"MatMul turned", [](Builder& b) {
         b.end("Gemm", {b.input({64, 40}), b.input({50, 64})}, with(number("transA", 1), "transB", 1));
       }});
  all.push_back(
      {"Einsum", [](Builder& b) {
         b.end("Einsum", {b.input({3, 40, 64}), b.input({3, 50, 64})}, word("equation", "bik,bjk->bij"));
       }});
  all.push_back({"Gemm", [](Builder& b) {
                   b.end("Gemm", {b.input({30, 64}), b.constant({64, 50}), b.constant({50})});
                 }});
  all.push_back({"Conv", [](Builder& b) {
                   b.end("Conv", {b.input({1, 8, 20, 20}), b.constant({16, 8, 3, 3}), b.constant({16})},
                         lists({{"pads", {1, 1, 1, 1}}}));
                 }});
  all.push_back({"Conv depthwise", [](Builder& b) {
                   b.end("Conv", {b.input({1, 8, 20, 20}), b.constant({8, 1, 3, 3})},
                         with(lists({{"strides", {2, 2}}}), "group", 8));
                 }});
  all.push_back({"ConvTranspose", [](Builder& b) {
                   b.end("ConvTranspose", {b.input({2, 8, 12, 12}), b.constant({8, 6, 3, 4})},
                         lists({{"strides", {2, 3}}, {"pads", {1, 0, 1, 2}}}));
                 }});
  return all;
}

// What chooses among codes, or moves them.
std::vector<Operator> windows_and_copies() {
  std::vector<Operator> all;
  for (const Lists& window : {Lists{{"kernel_shape", {3, 2}}, {"pads", {1, 0, 1, 1}}},
                              Lists{{"kernel_shape", {2, 3}}, {"dilations", {2, 3}}}})
    for (const char* op : {"AveragePool", "MaxPool"}) all.push_back({op, one(op, lists(window))});
  for (const char* op : {"GlobalAveragePool", "GlobalMaxPool"}) all.push_back({op, one(op)});
  all.push_back({"Transpose", one("Transpose", lists({{"perm", {0, 2, 3, 1}}}))});
  all.push_back({"DepthToSpace", one("DepthToSpace", number("blocksize", 2))});
  all.push_back({"Slice", [](Builder& b) {
                   b.end("Slice", {b.input({2, 8, 12, 20}), b.list({1, 18}), b.list({7, 2}), b.list({1, 3}),
                                   b.list({2, -3})});
                 }});
  all.push_back({"Gather", [](Builder& b) {
                   b.end("Gather", {b.input({2, 8, 12, 20}), b.list({3, 0, 7, 7, 1})}, number("axis", 1));
                 }});
  all.push_back({"Gather columns", [](Builder& b) {
                   b.end("Gather", {b.input({2, 8, 12, 20}), b.list({3, 0, 19, 19, 1})}, number("axis", 3));
                 }});
  all.push_back({"Pad", [](Builder& b) {
                   b.end("Pad", {b.input({2, 8, 12, 20}), b.list({0, 0, 1, 2, 0, 1, 0, 3}), b.list({1.5})});
                 }});
  all.push_back(
      {"Pad reflected", [](Builder& b) {
         b.end("Pad", {b.input({2, 8, 12, 20}), b.list({0, 0, 1, 2, 0, 0, 2, 3})}, word("mode", "reflect"));
       }});
  // Weights in tenths make ties that no binary weights hold.
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const double width : {25.0, 20.0})
      all.push_back({std::string("Resize ") + mode, [mode, width](Builder& b) {
                       b.end("Resize", {b.input({2, 4, 12, 10}), "", "", b.list({2, 4, 24, width})},
                             word("mode", mode));
                     }});
  all.push_back(
      {"Resize by 2", [](Builder& b) {
         b.end("Resize", {b.input({2, 4, 12, 10}), "", b.list({1, 1, 2, 2})}, word("mode", "nearest"));
       }});
  all.push_back({"Concat", [](Builder& b) {
                   b.end("Concat", {b.input({2, 3, 12, 20}), b.input({2, 5, 12, 20})}, number("axis", 1));
                 }});
  return all;
}

// Those by functions: roots and quotients.
std::vector<Operator> functions() {
  std::vector<Operator> all;
  for (const std::int64_t axis : {1, 3}) {
    const auto over = [axis](const std::string& op) {
      return [op, axis](Builder& b) { b.end(op, {b.input({2, 8, 12, 20})}, number("axis", axis)); };
    };
    all.push_back({"Softmax", over("Softmax")});
    all.push_back({"LogSoftmax", over("LogSoftmax")});
  }
  all.push_back({"LayerNormalization", [](Builder& b) {
                   b.end("LayerNormalization", {b.input({6, 10, 64}), b.constant({64}), b.constant({64})});
                 }});
  all.push_back(
      {"InstanceNormalization", [](Builder& b) {
         b.end("InstanceNormalization", {b.input({2, 8, 12, 20}), b.constant({8}), b.constant({8})});
       }});
  for (const char* op : {"Sigmoid", "Tanh", "HardSigmoid", "Elu"})
    all.push_back({op, [op](Builder& b) { b.end(op, {b.input({2, 8, 12, 20})}); }});
  return all;
}

void expect_equal(const std::vector<Operator>& all, const std::string& smallest = "24KiB") {
  double elements = 0, equal = 0;
  for (const Operator& each : all)
    for (const GridKind grids : {GridKind::Symmetric, GridKind::Affine})
      for (const Wide wide : {Wide::All, Wide::Inputs, Wide::Results}) {
        SCOPED_TRACE(each.name + (grids == GridKind::Affine ? " affine" : " symmetric") +
                     (wide == Wide::All      ? ""
                      : wide == Wide::Inputs ? ", inputs"
                                             : ", results"));
        Builder b;
        each.add(b);
        const Count counted = count(b, wide, grids, smallest);
        EXPECT_EQ(counted.near, counted.elements);
        EXPECT_GE(counted.equal, 0.999999 * counted.elements);
        elements += counted.elements;
        equal += counted.equal;
      }
  std::printf("%.0f codes, %.6f %% the ideal ones\n", elements, 100 * equal / elements);
}

TEST(Int16Operators, ReductionsAndPairsAreTheIdealCodes) {
  expect_equal(reductions_and_pairs());
}

TEST(Int16Operators, ProductsAreTheIdealCodes) {
  expect_equal(products());
}

TEST(Int16Operators, WindowsAndCopiesAreTheIdealCodes) {
  expect_equal(windows_and_copies());
}

// Their tables alone take 128 KiB.
TEST(Int16Operators, FunctionsAreTheIdealCodes) {
  expect_equal(functions(), "320KiB");
}

}  // namespace
}  // namespace bpusim
