// Operators of whole networks on machines that tile them differently: they run on the BPU, leave the ideal
// result and take the same cycles with and without data.
#include <gtest/gtest.h>

#include <random>

#include "sim/config/machine_file.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

using Lists = std::map<std::string, std::vector<std::int64_t>>;

// A network that is put together node by node. Values are drawn, the same each time.
class Builder {
 public:
  std::string input(const Shape& shape, double low = -2, double high = 2) {
    const std::string name = constant(shape, low, high);
    network_.values[name].constant = false;
    network_.inputs.push_back(name);
    return name;
  }
  std::string constant(const Shape& shape, double low = -1, double high = 1) {
    Tensor t = Tensor::filled(shape, 0);
    for (double& v : t.values) v = std::uniform_real_distribution<double>(low, high)(random_);
    return constant(t);
  }
  std::string constant(const Tensor& tensor) {
    const std::string name = "v" + std::to_string(network_.values.size());
    network_.values[name].hold(tensor);
    network_.values[name].constant = true;
    return name;
  }
  std::string list(const std::vector<double>& values) {
    return constant(Tensor({static_cast<std::int64_t>(values.size())}, values));
  }
  std::string add(const std::string& op, const std::vector<std::string>& inputs, const Attributes& a = {}) {
    Node node;
    node.op = op;
    node.name = op + std::to_string(network_.nodes.size());
    node.inputs = inputs;
    node.outputs = {node.name + ".y"};
    node.attributes = a;
    node.opset = 21;
    network_.nodes.push_back(node);
    last_ = node.outputs[0];
    return last_;
  }
  /// The value leaves the network.
  void output(const std::string& value) { network_.outputs.push_back(value); }
  /// A node whose result leaves it.
  void end(const std::string& op, const std::vector<std::string>& inputs, const Attributes& a = {}) {
    output(add(op, inputs, a));
  }
  RunSpec spec() const {
    RunSpec spec;
    spec.network = network_;
    return spec;
  }
  RunResult run(const std::vector<std::string>& settings = {}, const std::string& policy = "full",
                bool function = true) const {
    return simulate({spec(), read_machine("generic", settings), Policy::read(policy)},
                    function ? RunOptions() : RunOptions::timing());
  }

 private:
  Network network_;
  std::string last_;
  std::mt19937 random_{17};
};

Attributes lists(const Lists& l) {
  Attributes a;
  a.int_lists = l;
  return a;
}
Attributes number(const std::string& name, std::int64_t value) {
  Attributes a;
  a.ints[name] = value;
  return a;
}
Attributes word(const std::string& name, const std::string& value) {
  Attributes a;
  a.strings[name] = value;
  return a;
}

// All nodes on the BPU, ideal but for rare ties, on three machines; cycles do not depend on data.
void expect_ideal(const Builder& network, double exact = 0.999) {
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{}, {"sram.bytes=16KiB", "bpu.cores=3"}, {"sram.tensor_bytes=64KiB"}}) {
    const RunResult with = network.run(settings), without = network.run(settings, "full", false);
    EXPECT_EQ(with.cycles, without.cycles);
    for (const NodeResult& node : with.nodes) {
      EXPECT_EQ(node.on, Side::Bpu) << node.name << ": " << node.reason;
      ASSERT_TRUE(node.accuracy.has_value()) << node.name;
      EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << node.name;
      EXPECT_GE(node.accuracy->ideal_exact_fraction, exact) << node.name;
      EXPECT_LE(node.roofline_fraction, 1) << node.name;
      EXPECT_GT(node.accuracy->sqnr_db, 20) << node.name;
    }
  }
}

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
  // Weights such as 1/12 have no 20 bits that they fit in: sums half-way between codes go either way.
  expect_ideal(n, 0.95);
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
  EXPECT_EQ(n.run({}, "full", false).cycles, r.cycles);
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
