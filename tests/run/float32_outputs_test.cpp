// Outputs of the network that leave as float32: a step multiplies the codes that the BPU made by their scale.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/input_error.h"
#include "sim/plan/placed_network.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::lists;

struct Kind {
  std::string name;
  std::function<void(Builder&)> add;
};

// Makers of all kinds: fused steps, other shapes of the same bytes, parts of a tensor, several outputs of a
// step, an output that others read, one that is given a grid.
std::vector<Kind> kinds() {
  return {
      {"Conv and Relu",
       [](Builder& b) {
         b.end("Relu", {b.add("Conv", {b.input({1, 8, 9, 9}), b.constant({6, 8, 3, 3})})});
       }},
      {"Add",
       [](Builder& b) {
         b.end("Add", {b.input({2, 3, 700}), b.input({2, 3, 700})});
       }},
      {"Softmax",
       [](Builder& b) {
         b.end("Softmax", {b.input({4, 33})});
       }},
      {"LayerNormalization",
       [](Builder& b) {
         b.end("LayerNormalization", {b.input({4, 48}), b.constant({48}), b.constant({48})});
       }},
      {"a Reshape of what a Conv makes",
       [](Builder& b) {
         const std::string y = b.add("Conv", {b.input({1, 8, 6, 6}), b.constant({4, 8, 1, 1})});
         b.end("Reshape", {y, b.list({4, 36})});
       }},
      {"an output and its Reshape, both leave",
       [](Builder& b) {
         const std::string y = b.add("Relu", {b.input({1, 8, 6, 6})});
         b.output(y);
         b.end("Reshape", {y, b.list({8, 36})});
       }},
      {"an output that others read",
       [](Builder& b) {
         const std::string y = b.add("Relu", {b.input({1, 8, 6, 6})});
         b.output(y);
         b.end("Sigmoid", {y});
       }},
      {"parts of a Concat leave, too",
       [](Builder& b) {
         const std::string x = b.input({1, 8, 6, 6}), one = b.add("Relu", {x}), other = b.add("Tanh", {x});
         b.output(one);
         Attributes axis;
         axis.ints["axis"] = 1;
         b.end("Concat", {one, other}, axis);
       }},
      {"MaxPool", [](Builder& b) {
         b.end("MaxPool", {b.input({1, 3, 8, 8})}, lists({{"kernel_shape", {2, 2}}, {"strides", {2, 2}}}));
       }}};
}

struct Left {
  RunResult result;
  std::map<std::string, Tensor> values;
};

Left run(const RunSpec& spec, const std::vector<std::string>& settings, const std::string& policy) {
  Left left;
  RunOptions options;
  options.output = [&](const std::string& name, const Tensor& values) { left.values[name] = values; };
  left.result = simulate({spec, read_machine("generic", settings), Policy::read(policy)}, options);
  return left;
}

// On the BPU (full), and on the CPU (bayes-e has no row for it).
TEST(Float32Outputs, AreTheCodesTimesTheirScale) {
  for (const Kind& kind : kinds())
    for (const std::string policy : {"full", "bayes-e"})
      for (const bool wide : {false, true})
        for (const std::vector<std::string>& settings : {std::vector<std::string>{},
                                                         {"sram.bytes=300KiB", "bpu.cores=3"},
                                                         {"sram.tensor_bytes=64KiB"}}) {
          SCOPED_TRACE(kind.name + ", " + policy + (wide ? ", int16" : ""));
          Builder b;
          kind.add(b);
          RunSpec spec = b.spec();
          if (wide) spec.int16 = {kEverything};
          const Left codes = run(spec, settings, policy);
          spec.float32 = {kEverything};
          const Left numbers = run(spec, settings, policy);
          for (const OutputResult& output : numbers.result.outputs) EXPECT_EQ(output.type, "float32");
          ASSERT_EQ(numbers.values.size(), codes.values.size());
          for (const auto& [name, values] : codes.values) {
            const std::vector<double>& left = numbers.values.at(name).values;
            ASSERT_EQ(left.size(), values.values.size());
            for (std::size_t i = 0; i < left.size(); ++i)
              ASSERT_EQ(left[i], static_cast<float>(values.values[i])) << name << " " << i;
          }
          for (const NodeResult& node : numbers.result.nodes)
            if (node.op == "Dequantise") {
              EXPECT_EQ(node.accuracy->ideal_exact_fraction, 1);
              EXPECT_EQ(to_string(node.on), std::string(policy == "full" ? "BPU" : "CPU"));
            }
          const RunResult timed =
              simulate({spec, read_machine("generic", settings), Policy::read(policy)}, RunOptions::timing());
          EXPECT_EQ(timed.cycles, numbers.result.cycles);
        }
}

// Codes of 127, -127 and 64 in steps of 2/127: 64 is 1.007874, which float32 has as 1.00787401...
TEST(Float32Outputs, AreRoundedToFloat32Once) {
  Builder b;
  const std::string x = b.constant(Tensor({1, 3}, {2, -2, 1}));
  b.end("Identity", {b.add("Neg", {b.add("Neg", {x})})});
  RunSpec spec = b.spec();
  spec.network.values.at(x).constant = false;
  spec.network.inputs = {x};
  spec.float32 = {kEverything};
  const Left left = run(spec, {}, "full");
  const Tensor& y = left.values.at(spec.network.outputs[0]);
  EXPECT_EQ(y.values, (std::vector<double>{2, -2, static_cast<float>(64 * (2.0 / 127))}));
}

// What the CPU makes is float32 as it is: no step is added.
TEST(Float32Outputs, OfTheCpuAreThereAlready) {
  Builder b;
  b.end("Relu", {b.input({1, 4, 5, 5})});
  RunSpec spec = b.spec();
  spec.on["Relu"] = Request::Cpu;
  spec.float32 = spec.network.outputs;
  const RunResult result = run(spec, {}, "full").result;
  ASSERT_EQ(result.nodes.size(), 1U);
  EXPECT_EQ(result.outputs.at(0).type, "float32");
}

// Another shape of an input, which lies as float32 where no BPU operator reads it.
TEST(Float32Outputs, ThatAreAnotherShapeOfAnInputAreThereAlready) {
  for (const char* policy : {"full", "bayes-e"}) {
    Builder b;
    b.end("Reshape", {b.input({1, 4}), b.list({2, 2})});
    RunSpec spec = b.spec();
    spec.float32 = {kEverything};
    const Left left = run(spec, {}, policy);
    EXPECT_EQ(left.result.outputs.at(0).type, "float32");
    for (const NodeResult& node : left.result.nodes) EXPECT_NE(node.op, "Dequantise") << policy;
  }
}

std::string refusal(const RunSpec& spec) {
  try {
    place_network(spec, Policy::read("full"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Float32Outputs, WhatCannotBeIsRefusedByName) {
  Builder b;
  const std::string x = b.input({1, 4, 5, 5});
  b.end("Conv", {x, b.constant({3, 4, 1, 1})});
  b.end("Shape", {x});
  b.output(x);
  RunSpec spec = b.spec();
  spec.float32 = {"nobody"};
  EXPECT_NE(refusal(spec).find("float32: 'nobody' is no output of the network"), std::string::npos);
  spec.float32 = {x};
  EXPECT_NE(refusal(spec).find("no operator makes it"), std::string::npos) << refusal(spec);
  spec.float32 = {kEverything};
  EXPECT_EQ(refusal(spec), "");
  spec.int32 = {spec.network.outputs[0]};
  EXPECT_NE(refusal(spec).find("it leaves as float32"), std::string::npos) << refusal(spec);
}

}  // namespace
}  // namespace bpusim
