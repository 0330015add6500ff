// What goes into the step before it: sums, constants and functions behind convolutions and products.
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::lists;
using testing::number;

// Conv + BatchNormalization + Add + Relu, as a residual block ends.
Builder residual_block() {
  Builder n;
  const std::string x = n.input({1, 16, 20, 20});
  const std::string shortcut = n.add("Relu", {x});
  const std::string sum = n.add("Conv", {shortcut, n.constant({16, 16, 1, 1}, -0.5, 0.5)});
  const std::string norm = n.add("BatchNormalization", {sum, n.constant({16}, 0.5, 1.5), n.constant({16}),
                                                        n.constant({16}), n.constant({16}, 0.5, 2)});
  n.end("Relu", {n.add("Add", {shortcut, norm})});
  return n;
}

TEST(Fusion, AResidualIsAddedBehindTheSums) {
  const Builder n = residual_block();
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 2u);
  EXPECT_EQ(r.nodes[1].op, "Conv+BatchNormalization+Add+Relu");
  // 6400 codes each: the Relu reads and writes; the block reads input and residual, 256 weights and 16
  // entries of 16 bytes, and writes its result once.
  EXPECT_EQ(r.dram_read_bytes, 6400 + 2 * 6400 + 256 + 256);
  EXPECT_EQ(r.dram_write_bytes, 2 * 6400);
  // The grid between sums and Add costs a rounding.
  EXPECT_EQ(r.nodes[1].accuracy->ideal_within_1lsb_fraction, 1);
  EXPECT_GT(r.nodes[1].accuracy->ideal_exact_fraction, 0.6);
  EXPECT_GT(r.nodes[1].accuracy->sqnr_db, 30);
  EXPECT_EQ(n.run({}, "full", false).cycles, r.cycles);
}

// A residual and the sum that it goes into are of one type: int16 for the one takes the other along.
TEST(Fusion, Int16TakesAResidualAndItsSumTogether) {
  RunSpec spec = residual_block().spec();
  spec.int16_below = 0.9999999;
  const RunResult r = simulate({spec, read_machine("generic"), Policy::read("full")});
  EXPECT_TRUE(r.quantised->kept_int8.empty());
  for (const NodeResult& node : r.nodes) EXPECT_EQ(node.out_type, "int16") << node.name;
  EXPECT_GT(r.nodes[1].accuracy->sqnr_db, residual_block().run().nodes[1].accuracy->sqnr_db + 5);
}

TEST(Fusion, AResidualThatIsMadeLaterIsNot) {
  Builder n;
  const std::string x = n.input({1, 8, 10, 10});
  const std::string first = n.add("Conv", {x, n.constant({8, 8, 1, 1})});
  const std::string second = n.add("Conv", {x, n.constant({8, 8, 1, 1})});
  n.end("Add", {first, second});
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 2u);
  EXPECT_EQ(r.nodes[0].op, "Conv");
  EXPECT_EQ(r.nodes[1].op, "Conv+Add");
}

TEST(Fusion, ASumThatOthersReadIsStored) {
  Builder n;
  const std::string x = n.input({1, 8, 10, 10});
  const std::string sum = n.add("Conv", {x, n.constant({8, 8, 1, 1})});
  n.end("Add", {sum, x});
  n.end("Relu", {sum});
  EXPECT_EQ(n.run().nodes.size(), 3u);
}

TEST(Fusion, BehindTransposedConvolutionsAndProducts) {
  Builder n;
  const auto norm = [&](const std::string& x, std::int64_t channels) {
    return n.add("BatchNormalization", {x, n.constant({channels}, 0.5, 1.5), n.constant({channels}),
                                        n.constant({channels}), n.constant({channels}, 0.5, 2)});
  };
  n.end("Relu", {norm(n.add("ConvTranspose", {n.input({1, 8, 6, 6}), n.constant({8, 4, 4, 4})},
                            lists({{"strides", {2, 2}}, {"pads", {1, 1, 1, 1}}})),
                      4)});
  n.end("Relu", {norm(n.add("Gemm", {n.input({5, 24}), n.constant({24, 10})}), 10)});
  // Products of rank 3 have rows at axis 1: only their bias folds.
  n.end("Gelu",
        {n.add("Add", {n.add("MatMul", {n.input({2, 9, 24}), n.constant({24, 10})}), n.constant({10})})});
  n.end("Add", {n.add("MatMul", {n.input({2, 9, 24}), n.constant({24, 24})}), n.input({2, 9, 24})});
  n.end("Relu", {n.add("Conv", {n.input({1, 12, 9, 9}), n.constant({12, 1, 3, 3})}, number("group", 12))});
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 5u);
  EXPECT_EQ(r.nodes[0].op, "ConvTranspose+BatchNormalization+Relu");
  EXPECT_EQ(r.nodes[1].op, "Gemm+BatchNormalization+Relu");
  EXPECT_EQ(r.nodes[2].op, "MatMul+Add+Gelu");
  EXPECT_EQ(r.nodes[3].op, "MatMul+Add");
  EXPECT_EQ(r.nodes[4].op, "Conv+Relu");
  for (const NodeResult& node : r.nodes) {
    EXPECT_EQ(node.on, Side::Bpu) << node.reason;
    EXPECT_GE(node.accuracy->ideal_within_1lsb_fraction, 0.999) << node.name;
    EXPECT_GT(node.accuracy->sqnr_db, 28) << node.name;
  }
  EXPECT_EQ(n.run({}, "full", false).cycles, r.cycles);
}

// Constants behind a convolution cost nothing, and functions behind them are one table.
TEST(Fusion, ConstantsFoldIntoWeightsAndFunctionsBecomeOne) {
  const auto cycles_and_op = [](bool constants, const Shape& shape) {
    Builder n;
    std::string y = n.add("Conv", {n.input({1, 8, 12, 12}), n.constant({16, 8, 3, 3}), n.constant({16})});
    if (constants) {
      y = n.add("Mul", {n.constant(shape, 0.5, 2), y});  // either way round
      y = n.add("Sub", {n.constant(shape), y});
      y = n.add("Div", {y, n.constant(shape, 0.5, 2)});
      y = n.add("Add", {y, n.constant(shape)});
    }
    y = n.add("HardSwish", {y});
    if (constants) y = n.add("Sub", {n.add("Mul", {n.constant(Shape{}, 0.5, 2), y}), n.constant({1})});
    n.end("Relu", {y});
    const RunResult r = n.run();
    EXPECT_EQ(r.nodes.size(), 1u);
    EXPECT_GE(r.nodes[0].accuracy->ideal_within_1lsb_fraction, 0.99);
    EXPECT_GT(r.nodes[0].accuracy->sqnr_db, 28);
    EXPECT_EQ(n.run({}, "full", false).cycles, r.cycles);
    return std::pair(r.cycles, r.nodes[0].op);
  };
  const auto plain = cycles_and_op(false, {});
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{16, 1, 1}, Shape{1, 16, 1, 1}}) {
    const auto folded = cycles_and_op(true, shape);
    EXPECT_EQ(folded.first, plain.first);
    EXPECT_EQ(folded.second, "Conv+Mul+Sub+Div+Add+HardSwish+Mul+Sub+Relu");
  }
}

TEST(Fusion, ConstantsThatAreNoneAChannelStay) {
  Builder n;
  n.end("Mul", {n.add("Conv", {n.input({1, 16, 12, 12}), n.constant({16, 16, 1, 1})}), n.constant({1, 12})});
  n.end("Add", {n.add("MatMul", {n.input({9, 24}), n.constant({24, 9})}), n.constant({9, 1})});
  n.end("Div", {n.constant(Shape{}, 1, 2),
                n.add("Exp", {n.add("Gemm", {n.input({9, 24}, 0, 0.1), n.constant({24, 9}, 0, 0.1)})})});
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 5u);
  EXPECT_EQ(r.nodes[1].op, "Mul");
  EXPECT_EQ(r.nodes[3].op, "Add");
  EXPECT_EQ(r.nodes[4].op, "Gemm+Exp+Div");  // a number over a function is a function
  for (const NodeResult& node : r.nodes) EXPECT_GT(node.accuracy->sqnr_db, 28) << node.name;
}

TEST(Fusion, FunctionsBehindAResidualAreOne) {
  Builder n;
  const std::string x = n.input({1, 8, 10, 10});
  const std::string sum = n.add("Add", {n.add("Conv", {x, n.constant({8, 8, 1, 1})}), x});
  n.end("Add", {n.add("Mul", {n.add("SiLU", {sum}), n.constant({1}, 1, 2)}), n.constant(Shape{})});
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 1u);
  EXPECT_EQ(r.nodes[0].op, "Conv+Add+SiLU+Mul+Add");
  EXPECT_GT(r.nodes[0].accuracy->sqnr_db, 28);
  EXPECT_EQ(r.nodes[0].accuracy->ideal_within_1lsb_fraction,
            1);  // grids within the step cost a rounding each
  EXPECT_EQ(n.run({}, "full", false).cycles, r.cycles);
}

}  // namespace
}  // namespace bpusim
