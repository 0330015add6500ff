// What scripts/check-operators found, each as the kind that it stands for.
#include <gtest/gtest.h>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/onnx/import.h"
#include "sim/quantise/golden.h"
#include "sim/run/simulate.h"
#include "sim/scenario/scenario.h"
#include "tests/network/onnx_files.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::number;

// A constant lies beside the others whatever its size: one of a single element was left out of the copies.
TEST(DrawnOperators, ConcatOfAConstantOfOneElement) {
  Builder b;
  b.end("Concat", {b.input({8}), b.constant(Shape{1}), b.input({2}), b.constant(Shape{1}, 1, 2)},
        number("axis", 0));
  testing::expect_ideal(b);
}

std::vector<double> over_no_axes(const std::string& op, const std::vector<double>& x) {
  testing::Model model(18);
  model.input("x", {static_cast<std::int64_t>(x.size())});
  model.output("y", {static_cast<std::int64_t>(x.size())});
  testing::set_int(model.node(op, {"x"}, {"y"}, "n"), "noop_with_empty_axes", 1);
  Network network = parse_onnx(model.bytes(), "m.onnx", "");
  network.values["x"].hold(Tensor({static_cast<std::int64_t>(x.size())}, x));
  return evaluate(network).numbers.at("y").values;
}

// No elements are put together, and each still becomes what the operator makes of a set of one.
TEST(DrawnOperators, ReductionsOverNoAxes) {
  EXPECT_EQ(over_no_axes("ReduceL1", {-2, 3}), (std::vector<double>{2, 3}));
  EXPECT_EQ(over_no_axes("ReduceL2", {-2, 3}), (std::vector<double>{2, 3}));
  EXPECT_EQ(over_no_axes("ReduceSumSquare", {-2, 3}), (std::vector<double>{4, 9}));
  EXPECT_EQ(over_no_axes("ReduceLogSum", {1}), (std::vector<double>{0}));
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"})
    EXPECT_EQ(over_no_axes(op, {-2, 3}), (std::vector<double>{-2, 3})) << op;
}

// The float64 model alone refuses what it does not run as a run does: by file and node, as valid.
TEST(DrawnOperators, WhatIsNotRunIsNotRunByTheFloatModelEither) {
  testing::Model model(13);
  model.input("x", {1, 2, 4, 4, 4});
  model.output("y", {1, 2, 1, 1, 1});
  model.node("GlobalMaxPool", {"x"}, {"y"}, "n");
  Network network = parse_onnx(model.bytes(), "m.onnx", "");
  network.values["x"].hold(Tensor::filled({1, 2, 4, 4, 4}, 1));
  try {
    evaluate(network);
    FAIL();
  } catch (const PlacementError& error) {
    EXPECT_EQ(std::string(error.what()),
              "m.onnx: n: GlobalMaxPool: input 1x2x4x4x4 has more than two spatial axes");
  }
}

// The import reads the type of "value" beside it, which is no attribute that somebody wrote.
TEST(DrawnOperators, ConstantOfShapeWarnsOfNothing) {
  testing::Model model(13);
  model.input("x", {2, 2});
  model.output("y", {2, 2});
  model.integers("shape", {2, 2});
  auto& value = testing::set_tensor(model.node("ConstantOfShape", {"shape"}, {"c"}, "n"), "value");
  testing::fill(value, "", {1}, {0.5f});
  model.node("Add", {"x", "c"}, {"y"}, "sum");
  const testing::TemporaryFolder folder;
  std::vector<std::string> warnings;
  Listener listener;
  listener.warning = [&](const std::string& text) { warnings.push_back(text); };
  resolve(folder.write("m.onnx", model.bytes()), {}, listener);
  EXPECT_EQ(warnings, std::vector<std::string>{});
}

}  // namespace
}  // namespace bpusim
