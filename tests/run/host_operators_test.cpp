// Operators that the CPU alone runs, in whole runs: recurrent layers, TopK, Scatter, and what nobody can
// count before the run.
#include <cmath>

#include "sim/config/policy.h"
#include "sim/input_error.h"
#include "sim/scenario/scenario.h"
#include "tests/network/onnx_files.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::Model;
using testing::Names;
using testing::number;

RunResult run(const Network& network, const std::string& machine = "generic",
              const RunOptions& options = RunOptions()) {
  RunSpec spec;
  spec.network = network;
  const MachineParams params = read_machine(machine);
  return simulate({spec, params, Policy::read(params.policy)}, options);
}

// A layer of 4 inputs and 3 units over 6 steps; which outputs have names.
Network lstm(const Names& outputs) {
  Model model;
  model.input("x", {6, 1, 4});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].empty())
      model.output(outputs[i], i == 0 ? testing::Dims{6, 1, 1, 3} : testing::Dims{1, 1, 3});
  const auto wave = [](std::size_t count, float step) {
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(std::sin(step * static_cast<float>(i + 1)));
    return values;
  };
  model.weights("w", {1, 12, 4}, wave(48, 0.7F));
  model.weights("r", {1, 12, 3}, wave(36, 1.3F));
  model.weights("b", {1, 24}, wave(24, 0.4F));
  model.node("LSTM", {"x", "w", "r", "b"}, outputs, "layer");
  Network network = testing::network_of(model);
  Tensor x = Tensor::filled({6, 1, 4}, 0);
  for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] = std::cos(static_cast<double>(i));
  network.values.at("x").hold(x);
  return network;
}

// The X5's list has the LSTM of one sequence on the BPU, and nothing here runs it there: both are said.
TEST(HostOperators, AnLstmRunsOnTheCpuAndSaysWhatTheListHas) {
  const RunResult r = run(lstm({"y", "h", "c"}), "rdk-x5");
  ASSERT_EQ(r.nodes.size(), 1u);
  EXPECT_EQ(r.nodes[0].on, Side::Cpu);
  EXPECT_EQ(r.nodes[0].reason,
            "the policy has it on the BPU (native), bpusim does not: LSTM has no BPU lowering");
  ASSERT_TRUE(r.nodes[0].accuracy.has_value());
  EXPECT_GT(r.nodes[0].accuracy->sqnr_db, 30);
  EXPECT_EQ(r.nodes[0].accuracy->ideal_exact_fraction, 1);
}

// 6 * 3 floats of all steps, 3 of each state: what nobody asked for is not written.
TEST(HostOperators, OutputsThatNobodyWantsTakeNoMemory) {
  EXPECT_EQ(run(lstm({"y", "h", "c"})).dram_write_bytes, 4 * (18 + 3 + 3));
  EXPECT_EQ(run(lstm({"", "h"})).dram_write_bytes, 4 * 3);
  EXPECT_EQ(run(lstm({"", "", "c"})).dram_write_bytes, 4 * 3);
  for (const Names& outputs : {Names{"y"}, Names{"", "h"}}) {
    const Network network = lstm(outputs);
    EXPECT_EQ(run(network).cycles, run(network, "generic", RunOptions::timing()).cycles);
  }
}

// Twice the units are more than twice the operations; the difference is the products'.
TEST(HostOperators, RecurrentLayersArePricedByTheirProducts) {
  const auto cycles = [](std::int64_t units) {
    Builder b;
    b.end("GRU", {b.input({32, 1, 64}), b.constant({1, 3 * units, 64}), b.constant({1, 3 * units, units})});
    return b
        .run({"host.task_overhead_us=0", "host.crossing_overhead_us=0", "host.bandwidth_gbps=10000"}, "full",
             false)
        .cycles;
  };
  // 32 steps of 3 H gates: 2 (64 + H) + 3 operations each, and 5 H; at 256: 32 * 256 * (3 * 643 + 5), at 512:
  // 32 * 512 * (3 * 1155 + 5); conversions are far less.
  const double ratio = static_cast<double>(cycles(512)) / static_cast<double>(cycles(256));
  EXPECT_NEAR(ratio, 2.0 * (3 * 1155 + 5) / (3 * 643 + 5), 0.1);
}

Network top_k() {
  Model model;
  model.input("x", {2, 8});
  model.output("v", {2, 3});
  testing::declare(*model.graph().add_output(), "i", {2, 3}, onnx::TensorProto::INT64);
  model.integers("k", {3});
  model.node("TopK", {"x", "k"}, {"v", "i"}, "top");
  Network network = testing::network_of(model);
  network.values.at("x").hold(Tensor({2, 8}, {0, 5, -3, 2, 7, 1, -8, 4, 8, 1, 2, 3, -4, 5, 6, 7}));
  return network;
}

// Codes of distinct numbers are distinct here, so that the places are exact.
TEST(HostOperators, TopKKeepsPlacesExact) {
  const RunResult r = run(top_k());
  ASSERT_EQ(r.nodes.size(), 1u);
  EXPECT_EQ(r.nodes[0].on, Side::Cpu);
  ASSERT_TRUE(r.nodes[0].accuracy.has_value());
  EXPECT_EQ(r.nodes[0].accuracy->ideal_exact_fraction, 1);
  EXPECT_GT(r.nodes[0].accuracy->cosine, 0.999);
}

TEST(HostOperators, ScatterIntoACache) {
  Builder b;
  const std::string cache = b.input({4, 8}), fresh = b.input({1, 8});
  b.end("ScatterND", {cache, b.constant(Tensor({1, 1}, {2})), fresh});
  const RunResult r = b.run();
  ASSERT_EQ(r.nodes.size(), 1u);
  EXPECT_EQ(r.nodes[0].accuracy->ideal_exact_fraction, 1);
  EXPECT_GT(r.nodes[0].accuracy->sqnr_db, 30);
}

std::string refusal(const Builder& b) {
  try {
    b.run();
  } catch (const PlacementError& error) {
    return error.what();
  }
  return "";
}

TEST(HostOperators, WhatNobodyCanCountSaysSo) {
  Builder b;
  b.end("NonZero", {b.input({4, 4})});
  b.end("TopK", {b.input({8}), b.input({1})});
  const std::string why = refusal(b);
  EXPECT_NE(why.find("NonZero0"), std::string::npos) << why;
  EXPECT_NE(why.find("how many elements it gives depends on the numbers of 'v0'"), std::string::npos) << why;
  EXPECT_NE(why.find("how many elements it takes is computed"), std::string::npos) << why;
}

// Of constants it is a constant: places 1 and 3 of a list are gathered.
TEST(HostOperators, WhatIsFoundInConstantsIsFolded) {
  Builder b;
  const std::string found = b.add("NonZero", {b.list({0, 1, 0, 1})});
  b.end("Gather", {b.input({4, 3}), found}, number("axis", 0));
  const RunResult r = b.run();
  ASSERT_EQ(r.nodes.size(), 1u);
  EXPECT_EQ(r.nodes[0].op, "Gather");
  EXPECT_EQ(r.nodes[0].on, Side::Bpu);
}

TEST(HostOperators, ShapesThatDoNotFitNameTheNode) {
  Builder b;
  b.end("LSTM", {b.input({2, 1, 4}), b.constant({1, 12, 4}), b.constant({1, 12, 2})});
  try {
    b.run();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), "LSTM0: LSTM: W has shape 1x12x4, it takes 1x8x4");
  }
}

}  // namespace
}  // namespace bpusim
