// Shapes that are known while a model is read, open dimensions among them: by hand, an operator a line.
#include "sim/network/onnx/known_shapes.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace bpusim {
namespace {

struct Case {
  std::string op;
  std::vector<Shape> shapes;  // of the inputs
  std::optional<Shape> expected;
  std::map<std::string, std::vector<std::int64_t>> lists = {};
  std::map<std::string, std::int64_t> ints = {};
  std::map<std::size_t, std::vector<double>> values = {};  // of inputs that are known
  std::string pads = "";
};

std::optional<Shape> shape_of(const Case& c) {
  Node node;
  node.op = c.op;
  for (std::size_t i = 0; i < c.shapes.size(); ++i) node.inputs.push_back(std::to_string(i));
  node.attributes.int_lists = c.lists;
  node.attributes.ints = c.ints;
  if (!c.pads.empty()) node.attributes.strings["auto_pad"] = c.pads;
  KnownInputs known;
  known.shape = [&](const std::string& name) { return c.shapes.at(std::stoul(name)); };
  known.value = [&](const std::string& name) -> std::optional<Tensor> {
    const auto found = c.values.find(std::stoul(name));
    if (found == c.values.end()) return std::nullopt;
    return Tensor({static_cast<std::int64_t>(found->second.size())}, found->second);
  };
  return known_shape(node, known);
}

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
const std::optional<Shape> kNobodyKnows;

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto shape = shape_of(c);
    EXPECT_EQ(shape, c.expected) << c.op << " of " << to_string(c.shapes.front()) << ": "
                                 << (shape ? to_string(*shape) : "nothing");
  }
}

TEST(KnownShapes, ElementByElement) {
  expect_all({{"Relu", {{kOpen, 4}}, Shape{kOpen, 4}},
              {"LayerNormalization", {{2, 3}, {3}}, Shape{2, 3}},
              {"Add", {{2, 1, 4}, {3, 1}}, Shape{2, 3, 4}},
              {"Add", {{4}, {2, 1}}, Shape{2, 4}},
              {"Mul", {{kOpen, 4}, {1, 4}}, Shape{kOpen, 4}},
              {"Mul", {{kOpen, 4}, {3, 1}}, Shape{3, 4}},  // it can only be 1 or 3
              {"Where", {{3, 1}, {1, 2}, {}}, Shape{3, 2}},
              {"NonZero", {{3, 1}}, kNobodyKnows}});
}

TEST(KnownShapes, Windows) {
  const std::vector<std::int64_t> three = {3, 3};
  // 1 + (extent + pads - dilation * (kernel - 1) - 1) / stride, rounded down or up.
  expect_all({{"Conv", {{2, 3, 10, 9}, {8, 3, 3, 3}}, Shape{2, 8, 8, 7}},
              {"Conv",
               {{2, 3, 10, 9}, {8, 3, 3, 3}},
               Shape{2, 8, 5, 4},
               {{"strides", {2, 2}}, {"pads", {1, 0, 1, 0}}}},
              {"Conv", {{2, 3, 10, 9}, {8, 3, 3, 3}}, Shape{2, 8, 6, 3}, {{"dilations", {2, 3}}}},
              {"Conv", {{2, 3, kOpen, 9}, {8, 3, 3, 3}}, Shape{2, 8, kOpen, 7}},
              {"Conv",
               {{2, 3, 10, 9}, {8, 3, 3, 3}},
               Shape{2, 8, 5, 3},
               {{"strides", {2, 3}}},
               {},
               {},
               "SAME_UPPER"},
              {"Conv", {{2, 3, 10, 9}, {8, 3, 3}}, kNobodyKnows},
              {"MaxPool", {{1, 5, 10, 9}}, Shape{1, 5, 4, 4}, {{"kernel_shape", three}, {"strides", {2, 2}}}},
              {"MaxPool",
               {{1, 5, 10, 9}},
               Shape{1, 5, 5, 4},
               {{"kernel_shape", three}, {"strides", {2, 2}}},
               {{"ceil_mode", 1}}},
              {"GlobalAveragePool", {{2, 5, 7, 9}}, Shape{2, 5, 1, 1}}});
}

TEST(KnownShapes, OfRecurrentLayersAndWhatMovesElements) {
  // Steps, directions, batch and hidden of X [7, 2, 5], W [2, 12, 5] and R [2, 12, 3].
  expect_all({{"LSTM", {{7, 2, 5}, {2, 12, 5}, {2, 12, 3}}, Shape{7, 2, 2, 3}},
              {"GRU", {{7, 2, 5}, {1, 9, 5}, {1, 9, 3}}, Shape{7, 1, 2, 3}},
              {"RNN", {{2, 7, 5}, {1, 3, 5}, {1, 3, 3}}, Shape{2, 7, 1, 3}, {}, {{"layout", 1}}},
              {"GRU", {{7, 2, 5}, {1, 9, 5}}, kNobodyKnows},
              {"Slice", {{7, 2, 5}, {1}, {1}}, Shape{kOpen, kOpen, kOpen}},
              {"Tile", {{7, 2}, {2}}, Shape{kOpen, kOpen}},
              {"QuantizeLinear", {{7, 2}, {}}, Shape{7, 2}},
              {"ScatterND", {{7, 2}, {1, 1}, {1, 2}}, Shape{7, 2}}});
}

TEST(KnownShapes, Products) {
  expect_all({{"MatMul", {{5, 2, 3}, {3, 4}}, Shape{5, 2, 4}},
              {"MatMul", {{1, 2, 3}, {6, 3, 4}}, Shape{6, 2, 4}},
              {"Gemm", {{2, 3}, {3, 4}}, Shape{2, 4}},
              {"Gemm", {{3, 2}, {3, 4}}, Shape{2, 4}, {}, {{"transA", 1}}},
              {"Gemm", {{2, 3}, {4, 3}}, Shape{2, 4}, {}, {{"transB", 1}}},
              {"MatMul", {{3}, {3, 4}}, kNobodyKnows}});
}

TEST(KnownShapes, OtherShapesOfTheSameElements) {
  expect_all({{"Transpose", {{2, 3, 4}}, Shape{4, 3, 2}},
              {"Transpose", {{2, 3, 4}}, Shape{3, 2, 4}, {{"perm", {1, 0, 2}}}},
              {"Transpose", {{2, 3, 4}}, kNobodyKnows, {{"perm", {1, 0, 3}}}},
              {"Reshape", {{2, 3, 4}, {2}}, Shape{2, 12}, {}, {}, {{1, {0, -1}}}},
              {"Reshape", {{2, 3, 4}, {3}}, Shape{4, 3, 2}, {}, {}, {{1, {4, 3, -1}}}},
              {"Reshape", {{kOpen, 3, 4}, {2}}, Shape{kOpen, 12}, {}, {}, {{1, {-1, 12}}}},
              {"Reshape", {{2, 3, 4}, {2}}, Shape{kOpen, kOpen}, {}, {}, {{1, {kUnknown, -1}}}},
              {"Reshape", {{2, 3, 4}, {2}}, Shape{5, kOpen}, {}, {}, {{1, {5, -1}}}},
              {"Reshape", {{2, 3, 4}, {2}}, kNobodyKnows},
              {"Flatten", {{2, 3, 4}}, Shape{2, 12}},
              {"Flatten", {{2, 3, 4}}, Shape{6, 4}, {}, {{"axis", 2}}},
              {"Flatten", {{2, 3, 4}}, Shape{6, 4}, {}, {{"axis", -1}}}});
}

// Axes are an attribute, or an input that is known.
TEST(KnownShapes, AxesThatComeAndGo) {
  expect_all({{"Squeeze", {{1, 3, 1}}, Shape{3}},
              {"Squeeze", {{1, 3, 1}}, Shape{1, 3}, {{"axes", {2}}}},
              {"Squeeze", {{1, 3, 1}, {1}}, Shape{3, 1}, {}, {}, {{1, {0}}}},
              {"Squeeze", {{1, 3, 1}, {1}}, kNobodyKnows},
              {"Squeeze", {{1, 3, 1}, {1}}, kNobodyKnows, {}, {}, {{1, {kUnknown}}}},
              {"Squeeze", {{kOpen, 3, 1}}, kNobodyKnows},  // it may be a 1
              {"Unsqueeze", {{2, 3}, {2}}, Shape{1, 2, 1, 3}, {}, {}, {{1, {0, 2}}}},
              {"Unsqueeze", {{2, 3}, {1}}, Shape{2, 3, 1}, {}, {}, {{1, {-1}}}},
              {"ReduceMean", {{2, 3, 4}}, Shape{1, 1, 1}},
              {"ReduceMean", {{2, 3, 4}}, Shape{2, 1, 4}, {{"axes", {1}}}},
              {"ReduceMean", {{2, 3, 4}, {1}}, Shape{2, 3}, {}, {{"keepdims", 0}}, {{1, {-1}}}},
              {"ReduceMean", {{2, 3, 4}}, Shape{2, 3, 4}, {}, {{"noop_with_empty_axes", 1}}}});
}

TEST(KnownShapes, JoinedAndChosen) {
  expect_all({{"Concat", {{2, 3}, {2, 4}, {2, 5}}, Shape{2, 12}, {}, {{"axis", 1}}},
              {"Concat", {{2, 3}, {kOpen, 3}}, Shape{kOpen, 3}, {}, {{"axis", 0}}},
              {"Concat", {{2, 3}, {2}}, kNobodyKnows, {}, {{"axis", 0}}},
              {"Gather", {{5, 6}, {2, 3}}, Shape{2, 3, 6}},
              {"Gather", {{5, 6}, {2, 3}}, Shape{5, 2, 3}, {}, {{"axis", 1}}},
              {"Gather", {{5, 6}, {}}, Shape{6}},
              {"Gather", {{5, 6}, {2}}, kNobodyKnows, {}, {{"axis", 2}}}});
}

}  // namespace
}  // namespace bpusim
