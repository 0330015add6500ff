// Operators of whole networks on machines that tile them differently: they run on the BPU, leave the ideal
// result and take the same cycles with and without data.
#include "sim/operators/broadcast.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::expect_ideal;
using testing::lists;
using testing::number;
using testing::word;

TEST(Operators, ProductsOfActivations) {
  Builder n;
  n.end("MatMul", {n.input({2, 3, 17, 24}), n.input({2, 3, 24, 33})});
  n.end("MatMul", {n.input({2, 3, 17, 24}), n.input({3, 24, 5})});  // shared by the first axis
  n.end("MatMul", {n.input({40, 24}), n.input({2, 1, 24, 9})});     // the first factor is shared
  n.end("MatMul", {n.constant({12, 20}), n.input({3, 20, 7})});     // constants in front
  n.end("MatMul", {n.input({3, 6, 20}), n.constant({3, 20, 7})});   // and one matrix for each
  Attributes turned = number("transA", 1);
  turned.ints["transB"] = 1;
  turned.floats["alpha"] = 0.25;
  n.end("Gemm", {n.input({20, 13}), n.input({11, 20})}, turned);
  n.end("Einsum", {n.input({2, 2, 9, 8}), n.input({2, 2, 7, 8})}, word("equation", "bhid,bhjd->bhij"));
  expect_ideal(n);
}

TEST(Operators, Softmaxes) {
  Builder n;
  n.end("Softmax", {n.input({2, 19, 70})}, number("axis", 1));
  n.end("Softmax", {n.input({3, 5, 4, 6})}, number("axis", 0));
  n.end("LogSoftmax", {n.input({7, 300})}, number("axis", -1));
  n.end("LogSoftmax", {n.input({2, 19, 11})}, number("axis", 1));
  n.end("Softmax", {n.input({2, 6000})}, number("axis", -1));  // rows that do not fit in SRAM four times
  expect_ideal(n);
}

TEST(Operators, Reductions) {
  Builder n;
  for (const char* op :
       {"ReduceMean", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceMax", "ReduceMin"}) {
    n.end(op, {n.input({3, 20, 9, 11})}, lists({{"axes", {1}}}));
    n.end(op, {n.input({3, 20, 9, 11})}, lists({{"axes", {-1}}}));
    n.end(op, {n.input({3, 20, 9, 11})}, lists({{"axes", {0, 2}}}));
  }
  n.end("ReduceSum", {n.input({2, 24000})}, lists({{"axes", {1}}}));  // sets larger than a small SRAM
  n.end("ReduceMax", {n.input({3000, 2, 5})}, lists({{"axes", {0}}}));
  n.end("ReduceMean", {n.input({4, 6, 10})});  // over everything
  expect_ideal(n);
}

// Rows shorter than a burst are put together and taken apart in SRAM.
TEST(Operators, SplitAndConcatByShortRows) {
  Builder n;
  n.end("Concat", {n.input({900, 1}), n.input({900, 3}), n.input({900, 1}, -3, 3)}, number("axis", -1));
  n.end("Concat", {n.input({30, 7, 2}), n.constant({30, 50, 2})}, number("axis", 1));  // beside longer ones
  const std::string twice = n.input({700, 5});
  n.end("Concat", {twice, twice}, number("axis", 1));
  n.end("Relu", {n.add("Concat", {n.input({4000, 2}), n.input({4000, 1})}, number("axis", 1))});
  expect_ideal(n);
}

// 2 x 32 KiB in and 64 KiB out at 25.6 bytes a cycle at most are 5,120 cycles; a burst of 64 bytes each way
// for each single byte would be 2.5 a byte and way.
TEST(Operators, ConcatOfSingleBytesTakesTheTimeOfItsBytes) {
  for (const char* machine : {"generic", "s600"}) {
    Builder n;
    const std::string x = n.input({32768, 1});
    n.end("Concat", {x, x}, number("axis", 1));
    const MachineParams params = read_machine(machine, {"sram.tensor_bytes=0"});
    const RunResult r = simulate({n.spec(), params, Policy::read("full")}, RunOptions::timing());
    EXPECT_LT(r.cycles, 3 * 5120) << machine;
    EXPECT_EQ(r.dram_read_bytes, 65536) << machine;
    EXPECT_EQ(r.dram_write_bytes, 65536) << machine;
  }
}

TEST(Operators, TwoTensors) {
  Builder n;
  n.end("Div", {n.input({2, 9, 30}), n.input({2, 9, 30}, 1, 3)});
  n.end("Div", {n.input({30}, 1, 2), n.input({2, 9, 30}, 1, 3)});
  n.end("Max", {n.input({2, 9, 30}), n.input({9, 1})});
  n.end("Min", {n.input({2, 9, 30}), n.input({2, 9, 30})});
  n.end("Sub", {n.input({9, 30}), n.input({2, 9, 30})});
  n.end("Sub", {n.input({1}), n.input({2, 9, 30})});
  n.end("Mul", {n.input({2, 6, 1, 1}), n.input({2, 1, 7, 5})});  // each repeats in another place
  n.end("Add", {n.input({2, 6, 1, 5}), n.input({1, 6, 7, 1})});
  n.end("Add", {n.input({2, 3, 8, 8}), n.constant({2, 1, 1, 8})});
  n.end("PRelu", {n.input({2, 6, 7, 5}), n.constant({6, 1, 1}, 0, 0.5)});
  n.end("PRelu", {n.input({2, 6, 7, 5}), n.constant({6, 7, 5}, 0, 0.5)});
  expect_ideal(n);
}

TEST(Operators, OfTwoOperandsTheOneThatChangesLeads) {
  struct Case {
    Shape a, b;
    bool swap;
    Operand second;
    std::int64_t rows, row, lead_stride, other_stride;
  };
  for (const Case& c : {Case{{8}, {8}, false, Operand::Full, 1, 8, 0, 0},
                        {{4, 8}, {8}, false, Operand::PerColumn, 4, 8, 8, 0},
                        {{8}, {4, 8}, true, Operand::PerColumn, 4, 8, 8, 0},
                        {{1}, {8}, true, Operand::PerRow, 1, 8, 0, 0},
                        {{4, 8}, {4, 1}, false, Operand::PerRow, 4, 8, 8, 1}}) {
    SCOPED_TRACE(to_string(c.a) + " and " + to_string(c.b));
    const BroadcastBlocks blocks = broadcast_blocks(c.a, c.b);
    EXPECT_EQ(blocks.swap, c.swap);
    EXPECT_EQ(blocks.second, c.second);
    EXPECT_EQ(blocks.rows, c.rows);
    EXPECT_EQ(blocks.row, c.row);
    EXPECT_EQ(blocks.lead_stride, c.lead_stride);
    EXPECT_EQ(blocks.other_stride, c.other_stride);
  }
}

// Branches of one image are made where they lie in the result: nothing copies them, and none overwrites
// another.
TEST(Operators, BranchesLieSideBySide) {
  Builder n;
  const std::string x = n.input({1, 6, 10, 10});
  const std::string joined =
      n.add("Concat", {n.add("Abs", {x}), n.add("Sigmoid", {x}), n.add("Neg", {x})}, number("axis", 1));
  n.end("HardSwish", {joined});
  expect_ideal(n);
  EXPECT_EQ(n.run().dram_read_bytes, 3 * 600 + 1800);
}

TEST(Operators, ManyOperandsAreChains) {
  Builder n;
  for (const char* op : {"Sum", "Mean", "Max", "Min"})
    n.end(op, {n.input({2, 9, 30}), n.input({9, 30}), n.input({2, 9, 1}), n.input({30})});
  n.end("Mean", {n.input({2, 9, 30}), n.input({2, 9, 30})});
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 13u);
  EXPECT_EQ(r.nodes[0].name, "Sum0/1");
  EXPECT_EQ(r.nodes[2].name, "Sum0");
  expect_ideal(n);
}

TEST(Operators, Transposed) {
  Builder n;
  Attributes a = lists({{"strides", {2, 2}}, {"pads", {1, 1, 1, 1}}, {"output_padding", {1, 1}}});
  n.end("ConvTranspose", {n.input({2, 8, 9, 7}), n.constant({8, 5, 3, 3}), n.constant({5})}, a);
  a = lists({{"strides", {3, 2}}});
  a.ints["group"] = 4;
  n.end("ConvTranspose", {n.input({1, 8, 9, 7}), n.constant({8, 3, 2, 4})}, a);  // a phase without taps
  n.end("ConvTranspose", {n.input({1, 12, 30}), n.constant({12, 6, 4})}, lists({{"strides", {2}}}));
  n.end("ConvTranspose", {n.input({1, 4, 6, 6}), n.constant({4, 4, 5, 5})}, lists({{"pads", {2, 2, 2, 2}}}));
  expect_ideal(n);
}

TEST(Operators, ChoosingAndMoving) {
  Builder n;
  n.end("Pad", {n.input({2, 3, 9, 7}), n.list({0, 0, 1, 2, 0, 1, 3, 0})});
  n.end("Pad", {n.input({2, 3, 9, 7}), n.list({0, 0, 1, 2, 0, 0, 3, 1})}, word("mode", "reflect"));
  n.end("Pad", {n.input({2, 3, 9, 7}), n.list({0, 0, 1, 2, 0, 0, 3, 1})}, word("mode", "edge"));
  n.end("Gather", {n.input({5, 40, 6}), n.list({3, 3, -1, 0, 1, 2})}, number("axis", 1));
  n.end("Gather", {n.input({5, 40, 6}), n.list({4, 1})}, number("axis", 0));
  n.end("Slice", {n.input({5, 40, 6}), n.list({-1}), n.list({-100}), n.list({1}), n.list({-3})});
  n.end("Slice", {n.input({5, 40, 6}), n.list({1, 3}), n.list({5, 33}), n.list({0, 1}), n.list({2, 4})});
  n.end("SpaceToDepth", {n.input({2, 3, 8, 6})}, number("blocksize", 2));
  expect_ideal(n, 1);
}

TEST(Operators, Resizes) {
  Builder n;
  for (const char* mode : {"linear", "cubic", "nearest"})
    for (const char* coordinates : {"half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"}) {
      Attributes a = word("mode", mode);
      a.strings["coordinate_transformation_mode"] = coordinates;
      n.end("Resize", {n.input({2, 5, 9, 7}), "", n.list({1, 1, 1.7, 2})}, a);
      n.end("Resize", {n.input({1, 3, 20, 14}), "", "", n.list({1, 3, 13, 9})}, a);
    }
  n.end("Resize", {n.input({1, 2, 120, 60}), "", n.list({1, 1, 2, 2})}, word("mode", "linear"));
  expect_ideal(n);
}

// Repeated elements come from memory once, in rows; on chip the DMA may repeat them.
TEST(Operators, WhatIsRepeatedIsReadOnce) {
  Builder n;
  n.end("Resize", {n.input({1, 8, 40, 40}), "", n.list({1, 1, 2, 2})}, word("mode", "nearest"));
  expect_ideal(n);
  const NodeResult node = n.run().nodes.at(0);
  EXPECT_EQ(node.mapping, "streaming");
  EXPECT_EQ(node.dram_read_bytes, 8 * 40 * 40);
  EXPECT_EQ(node.dram_write_bytes, 8 * 80 * 80);
}

TEST(Operators, PoolsWithDilations) {
  Builder n;
  n.end("MaxPool", {n.input({2, 5, 13, 11})},
        lists({{"kernel_shape", {3, 2}}, {"dilations", {2, 3}}, {"pads", {1, 1, 1, 1}}}));
  n.end("AveragePool", {n.input({2, 5, 13, 11})},
        lists({{"kernel_shape", {3, 3}}, {"dilations", {2, 2}}, {"strides", {2, 2}}}));
  expect_ideal(n);
}

// Attention as exporters write it: nothing of it leaves the BPU.
TEST(Operators, AttentionStaysOnTheBpu) {
  Builder n;
  const std::string q = n.input({1, 4, 33, 16}), k = n.input({1, 4, 33, 16}), v = n.input({1, 4, 33, 16});
  const std::string kt = n.add("Transpose", {k}, lists({{"perm", {0, 1, 3, 2}}}));
  const std::string scores = n.add("MatMul", {q, kt});
  const std::string scaled = n.add("Div", {scores, n.constant(Tensor({}, {4}))});
  const std::string masked = n.add("Add", {scaled, n.constant({1, 1, 33, 33}, -3, 0)});
  n.end("MatMul", {n.add("Softmax", {masked}, number("axis", -1)), v});
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 6u);
  for (const NodeResult& node : r.nodes) {
    EXPECT_EQ(node.on, Side::Bpu) << node.name << ": " << node.reason;
    EXPECT_EQ(node.segment, 1) << node.name;
  }
  EXPECT_EQ(r.host_cycles, 0);
  EXPECT_GT(r.nodes.back().accuracy->sqnr_db, 25);
  expect_ideal(n);
}

// A pointwise convolution's weights load while the depthwise one before it computes: that is time under way
// too.
TEST(Operators, NoneBeatsItsRooflineWhileOthersOverlapWithIt) {
  Builder n;
  std::string y = n.input({1, 256, 14, 14});
  Attributes depthwise = number("group", 256);
  depthwise.int_lists["pads"] = {1, 1, 1, 1};
  for (int i = 0; i < 4; ++i)
    y = n.add("Conv",
              {n.add("Conv", {y, n.constant({256, 1, 3, 3})}, depthwise), n.constant({256, 256, 1, 1})});
  n.output(y);
  RunSpec spec = n.spec();
  spec.overlap = true;
  const RunResult r = simulate({spec, read_machine("rdk-x5"), Policy::read("full")}, RunOptions::timing());
  std::int64_t sum = 0;
  bool overlaps = false;
  for (const NodeResult& node : r.nodes) {
    sum += node.cycles;
    // It took the run further by fewer cycles than it needs: the rest was done before.
    overlaps = overlaps || node.roofline_fraction * static_cast<double>(node.under_way_cycles) >
                               static_cast<double>(node.cycles);
    EXPECT_LE(node.roofline_fraction, 1) << node.name;
    EXPECT_LE(node.bandwidth_gbps, r.pin_bandwidth_gbps) << node.name;
  }
  EXPECT_EQ(sum, r.cycles);
  EXPECT_TRUE(overlaps);
}

// x (bias + W x^2)^-beta, with the power as a table behind the convolution.
TEST(Operators, LocalNormsAreTakenApart) {
  for (const std::int64_t size : {3, 4, 9}) {
    Builder n;
    Attributes a = number("size", size);
    a.floats = {{"alpha", 2.0}, {"beta", 0.75}, {"bias", 0.5}};
    n.end("LRN", {n.input({2, 8, 6, 5})}, a);
    const RunResult r = n.run();
    ASSERT_EQ(r.nodes.size(), 3u);
    EXPECT_EQ(r.nodes[0].op, "Mul");
    EXPECT_EQ(r.nodes[1].op, "Conv+Pow");
    EXPECT_EQ(r.nodes[2].name, "LRN0");
    for (const NodeResult& node : r.nodes) EXPECT_EQ(node.on, Side::Bpu) << node.reason;
    EXPECT_GT(r.nodes[2].accuracy->sqnr_db, 28);
    EXPECT_EQ(n.run({}, "full", false).cycles, r.cycles);
    const RunResult apart = n.run({}, "bayes-e");  // whose BPU has none
    ASSERT_EQ(apart.nodes.size(), 1u);
    EXPECT_EQ(apart.nodes[0].on, Side::Cpu);
    // The same values: the chain's golden is that of the operator.
    EXPECT_NEAR(r.nodes[2].accuracy->cosine, apart.nodes[0].accuracy->cosine, 1e-3);
  }
}

// x sigmoid(1 x) is a SiLU; sums with 0 and quotients by 1 are nothing. What leaves the network stays.
TEST(Operators, NeutralArithmeticGoes) {
  Builder n;
  const std::string x = n.input({2, 9, 30});
  const std::string same =
      n.add("Sub", {n.add("Div", {x, n.constant({1}, 1, 1)}), n.constant(Shape{}, 0, 0)});
  n.end("Mul", {same, n.add("Sigmoid", {n.add("Mul", {n.constant({1}, 1, 1), same})})});
  n.end("Add", {n.constant(Shape{}, 0, 0), n.input({4, 5})});
  n.end("Exp", {n.add("Sub", {n.constant(Shape{}, 0, 0), n.input({4, 5})})});  // 0 - x is not x
  const RunResult r = n.run();
  ASSERT_EQ(r.nodes.size(), 3u);  // 0 + x is an output of the network under another name
  EXPECT_EQ(r.nodes[0].op, "SiLU");
  EXPECT_EQ(r.nodes[1].op, "Sub");
  expect_ideal(n, 0.99);
}

TEST(Operators, WhatOnlyTheCpuRunsSaysWhy) {
  Builder n;
  n.end("LRN", {n.input({1, 8, 6})}, number("size", 5));
  const RunResult r = n.run();
  for (const NodeResult& node : r.nodes) {
    EXPECT_EQ(node.on, Side::Cpu) << node.name;
    EXPECT_NE(node.reason.find("no BPU"), std::string::npos) << node.reason;
    EXPECT_GT(node.cycles, 0) << node.name;
  }
}

}  // namespace
}  // namespace bpusim
