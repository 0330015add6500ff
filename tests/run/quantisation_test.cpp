// Calibration on samples, the choice among methods, int16 nodes and the sensitivity list, in whole runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "kernels/tensor/random.h"
#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"
#include "sim/quantise/sensitivity.h"
#include "sim/report/report.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

namespace fs = std::filesystem;

class Quantising : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("bpusim-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const Tensor& tensor) {
    std::ofstream out(folder_ / name, std::ios::binary);
    write_npy(tensor, [&](const void* bytes, std::size_t count) {
      out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
    });
    return (folder_ / name).string();
  }
  RunSpec spec(const std::string& text) const { return parse_run(text, "test.yaml", folder_.string()); }
  RunResult run(const std::string& text, bool function = true, const char* policy = "full") const {
    return simulate({spec(text), read_machine("rdk-x5"), Policy::read(policy)},
                    function ? RunOptions() : RunOptions::timing());
  }
  std::string error_of(const std::string& text) const {
    try {
      run(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "none";
  }

  fs::path folder_;
};

const NodeResult& row(const RunResult& result, const std::string& name) {
  return *std::find_if(result.nodes.begin(), result.nodes.end(),
                       [&](const NodeResult& node) { return node.name == name; });
}

TEST_F(Quantising, SamplesDecideTheGridsNotTheInput) {
  file("small.npy", Tensor::filled({4, 8}, 0.25));
  file("large.npy", Tensor::filled({4, 8}, 2));
  file("input.npy", Tensor::filled({4, 8}, 8));
  const std::string operators = "operators: [{op: Relu, name: r, data: input.npy}]\n";
  // Grids to 2 keep 2 of an input of 8: an error of 6.
  const RunResult both = run(operators + "calibration_samples: [large.npy, small.npy]\n");
  EXPECT_NEAR(row(both, "r").accuracy->max_abs_error, 6, 1e-9);
  EXPECT_EQ(both.quantised->source, DataSource::Samples);
  EXPECT_EQ(both.quantised->samples, 2u);
  // Grids to 0.25: 7.75.
  const RunResult one = run(operators + "calibration_samples: small.npy\n");
  EXPECT_NEAR(row(one, "r").accuracy->max_abs_error, 7.75, 1e-9);
  const RunResult own = run(operators);
  EXPECT_NEAR(row(own, "r").accuracy->max_abs_error, 0, 1e-9);
  EXPECT_EQ(own.quantised->source, DataSource::OwnInput);
}

TEST_F(Quantising, AFolderIsAllFilesInIt) {
  fs::create_directories(folder_ / "set");
  file("set/b.npy", Tensor::filled({4, 8}, 1));
  file("set/a.npy", Tensor::filled({4, 8}, 2));
  const RunResult result = run("operators: [{op: Relu, shape: [4, 8]}]\ncalibration_samples: set\n");
  EXPECT_EQ(result.quantised->samples, 2u);
  EXPECT_EQ(result.quantised->source, DataSource::Samples);
}

TEST_F(Quantising, DrawnNumbersAreSaidLoudly) {
  const RunResult result = run("operators: [{op: Relu, shape: [4, 8]}]\n");
  EXPECT_EQ(result.quantised->source, DataSource::Drawn);
  EXPECT_NE(text_report(result).find("random inputs: accuracy shows what the arithmetic does"),
            std::string::npos);
  EXPECT_NE(json_report(result).find("random inputs: accuracy"), std::string::npos);
}

TEST_F(Quantising, MistakesAreNamed) {
  const std::string operators = "operators: [{op: Relu, name: r, shape: [4, 8]}]\n";
  EXPECT_NE(error_of(operators + "calibration_samples: nothing.npy\n").find("nothing.npy: no such file"),
            std::string::npos);
  fs::create_directories(folder_ / "empty");
  EXPECT_NE(error_of(operators + "calibration_samples: empty\n").find("holds no files"), std::string::npos);
  file("wrong.npy", Tensor::filled({4, 9}, 1));
  const std::string shape = error_of(operators + "calibration_samples: wrong.npy\n");
  EXPECT_NE(shape.find("wrong.npy: has shape 4x9, and input 'r.x' takes 4x8"), std::string::npos) << shape;
  file("fine.npy", Tensor::filled({4, 8}, 1));
  EXPECT_NE(error_of("operators: [{op: Relu, shape: [4, 8]}, {op: Abs, shape: [4, 8]}]\n"
                     "calibration_samples: fine.npy\n")
                .find("the network has 2 inputs"),
            std::string::npos);
  EXPECT_NE(error_of(operators + "calibration: entropy\n").find("'entropy' is no method"), std::string::npos);
  EXPECT_NE(error_of(operators + "int16: [R]\n").find("'R' is no node that runs"), std::string::npos);
  EXPECT_NE(error_of("operators: [{op: Conv, name: c, shape: [1, 4, 8, 8], out_channels: 4, then: [Round]}]\n"
                     "int16: [c.Conv]\n")
                .find("jumps"),
            std::string::npos);
  EXPECT_NE(error_of("operators: [{op: LayerNormalization, name: n, shape: [4, 8], mapping: host}]\n"
                     "int16: [n]\nint16_below: 2\n")
                .find("int16_below"),
            std::string::npos);
}

// One value of 300 deviations in the second sample: on a grid that reaches it the others almost vanish.
TEST_F(Quantising, AutoTakesTheMethodOfTheBestMeanOverTheSamples) {
  Tensor second = random_normal({1, 64, 64}, 0, 1, 2);
  second.values[78] = 300;
  file("first.npy", random_normal({1, 64, 64}, 0, 1, 1));
  file("second.npy", second);
  file("third.npy", random_normal({1, 64, 64}, 0, 1, 3));
  const auto on = [&](const std::string& input, const std::string& method) {
    return run("operators: [{op: Abs, name: a, data: " + input +
               "}]\ncalibration_samples: [first.npy, second.npy, third.npy]\ncalibration: '" + method +
               "'\n");
  };
  const RunResult result = on("first.npy", "auto");
  const Quantised& q = *result.quantised;
  EXPECT_EQ(q.method, "auto");
  ASSERT_EQ(q.tried.size(), 9u);
  const auto best = std::max_element(q.tried.begin(), q.tried.end(),
                                     [](const auto& a, const auto& b) { return a.cosine < b.cosine; });
  // A step of 300 / 127 = 2.4 leaves almost nothing of numbers that deviate by 1.
  EXPECT_LT(q.tried.front().cosine, 0.95);
  EXPECT_GT(best->cosine, q.tried.front().cosine + 0.02);
  EXPECT_EQ(q.chosen, best->method);
  // A method by itself gives on each sample what auto found for it.
  for (const TriedMethod& t : q.tried) {
    double sum = 0;
    for (const char* sample : {"first.npy", "second.npy", "third.npy"}) {
      const RunResult alone = on(sample, t.method);
      sum += row(alone, "a").accuracy->cosine;
      EXPECT_EQ(alone.cycles, result.cycles);
    }
    EXPECT_NEAR(sum / 3, t.cosine, 1e-9) << t.method;
  }
}

// Ten samples, each larger than the one before, so that each has a cosine of its own on the grid of them all.
TEST_F(Quantising, AutoJudgesTheFirstEightSamples) {
  std::string list;
  for (int s = 1; s <= 10; ++s) {
    file(std::to_string(s) + ".npy", random_normal({1, 16, 16}, 0, s, static_cast<std::uint64_t>(s)));
    list += (s > 1 ? ", " : "") + std::to_string(s) + ".npy";
  }
  const auto on = [&](int sample, const std::string& method) {
    return run("operators: [{op: Abs, name: a, data: " + std::to_string(sample) +
               ".npy}]\ncalibration_samples: [" + list + "]\ncalibration: '" + method + "'\n");
  };
  const RunResult judged = on(1, "auto");
  double sum = 0;
  for (int s = 1; s <= 8; ++s) sum += row(on(s, "max"), "a").accuracy->cosine;
  EXPECT_EQ(judged.quantised->samples, 10u);
  EXPECT_EQ(judged.quantised->tried.front().method, "max");
  EXPECT_NEAR(judged.quantised->tried.front().cosine, sum / 8, 1e-9);
  // One sample less or more would be seen.
  for (const int s : {8, 9}) EXPECT_GT(std::abs(row(on(s, "max"), "a").accuracy->cosine - sum / 8), 1e-6);
}

// Means of 1 and of 0.374 on steps of 1/127: the one is exact, the other 47/127. A cosine of either is 1.
TEST_F(Quantising, AutoCountsTheErrorsOfOutputsOfOneNumber) {
  file("one.npy", Tensor::filled({1, 1, 8, 8}, 1));
  file("other.npy", Tensor::filled({1, 1, 8, 8}, 0.374));
  const RunResult result =
      run("operators: [{op: GlobalAveragePool, name: a, data: one.npy}]\n"
          "calibration_samples: [one.npy, other.npy]\ncalibration: auto\n");
  const double error = 0.374 - 47.0 / 127;
  EXPECT_NEAR(result.quantised->tried.front().cosine, 1 - error * error / (1 + 0.374 * 0.374) / 2, 1e-9);
  EXPECT_LT(result.quantised->tried.front().cosine, 1 - 5e-6);
}

// Two grids that want different methods: 3 of 4096 values that an Abs has to keep, and 4 that count for
// nothing behind a HardSwish and lie too far out for "readers" to cut them. Only a percentile of 0.999 cuts 4
// of 4096.
TEST_F(Quantising, AutoGivesSingleGridsAMethodOfTheirOwn) {
  Tensor kept = random_normal({1, 64, 64}, 0, 1, 1), cut = random_normal({1, 64, 64}, 0, 0.2, 2);
  for (const std::size_t i : {7, 99, 3000}) kept.values[i] = 300;
  for (const std::size_t i : {7, 99, 3000, 4000}) cut.values[i] = -500;
  file("kept.npy", kept);
  file("cut.npy", cut);
  const std::string text =
      "operators: [{op: Abs, name: a, data: kept.npy}, {op: HardSwish, name: b, data: cut.npy}]\n"
      "calibration: auto\n";
  const RunResult result = run(text);
  const Quantised& q = *result.quantised;
  for (const TriedMethod& t : q.tried) EXPECT_LT(t.cosine, 0.99) << t.method;
  ASSERT_FALSE(q.by_node.empty());
  for (const NodeResult& node : result.nodes) EXPECT_GT(node.accuracy->cosine, 0.99) << node.name;
  EXPECT_EQ(run(text, false).cycles, result.cycles);
  EXPECT_NE(text_report(result).find("other methods for single grids"), std::string::npos);
}

// A HardSwish makes 0 of all below -3: 40 values of -30 need no place on its input's grid, though the squared
// error of that input says so. A Transpose between is seen through.
TEST_F(Quantising, ReadersEndAGridWhereTheyLoseLeast) {
  Tensor input = random_normal({1, 64, 64}, 0, 1, 1);
  for (std::size_t i = 0; i < 40; ++i) input.values[100 * i] = -30;
  file("input.npy", input);
  const auto sqnr = [&](const std::string& first, const std::string& then, const std::string& method) {
    const RunResult r = run("operators: [{op: " + first + ", name: a, data: input.npy" + then +
                            "}]\ncalibration: " + method + "\n");
    return r.nodes.back().accuracy->sqnr_db;
  };
  const double readers = sqnr("HardSwish", "", "readers");
  // Steps of 30 / 127 against 4.5 / 127: 16 dB apart, of which the result's own grid hides some.
  EXPECT_GT(readers, sqnr("HardSwish", "", "max") + 10);
  EXPECT_GT(readers, sqnr("HardSwish", "", "mse") + 10);
  EXPECT_NEAR(sqnr("Transpose", ", attributes: {perm: [0, 2, 1]}, then: [HardSwish]", "readers"), readers,
              1e-9);
}

const char* const kChain =
    "operators: [{op: LayerNormalization, name: n, shape: [1, 50, 96], "
    "then: [InstanceNormalization, LayerNormalization]}]\n";

TEST_F(Quantising, Int16RaisesANormChainByMoreThan20Decibels) {
  const std::string last = "n.LayerNormalization_2";
  const RunResult narrow = run(kChain);
  const RunResult wide =
      run(std::string(kChain) +
          "int16: [n.x, n.LayerNormalization, n.InstanceNormalization, n.LayerNormalization_2]\n");
  EXPECT_GT(row(wide, last).accuracy->sqnr_db, row(narrow, last).accuracy->sqnr_db + 20);
  EXPECT_EQ(row(wide, last).in_type, "int16");
  EXPECT_EQ(row(wide, last).out_type, "int16");
  EXPECT_GT(row(wide, last).accuracy->ideal_within_1lsb_fraction, 0.999);
  EXPECT_EQ(
      row(wide, "n.LayerNormalization").dram_read_bytes - row(narrow, "n.LayerNormalization").dram_read_bytes,
      50 * 96);  // the input takes twice
  EXPECT_GT(wide.cycles, narrow.cycles);
}

// Every family of operators, with int16 on each side alone and on both.
const char* const kFamilies =
    "operators:\n"
    "  - {op: Conv, name: c, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu]}\n"
    "  - {op: Conv, name: h, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, "
    "HardSwish]}\n"
    "  - {op: Conv, name: d, shape: [2, 8, 12, 12], out_channels: 8, attributes: {group: 8}}\n"
    "  - {op: LayerNormalization, name: l, shape: [1, 50, 96]}\n"
    "  - {op: GroupNormalization, name: g, shape: [2, 16, 9, 9], attributes: {num_groups: 4}}\n"
    "  - {op: BatchNormalization, name: b, shape: [1, 16, 20, 20]}\n"
    "  - {op: IBNSplit, name: i, shape: [1, 8, 12, 12]}\n"
    "  - {op: MaxPool, name: m, shape: [1, 4, 12, 12], attributes: {kernel_shape: [2, 2]}}\n"
    "  - {op: AveragePool, name: a, shape: [1, 4, 12, 12], attributes: {kernel_shape: [2, 2]}}\n"
    "  - {op: Softmax, name: s, shape: [4, 40]}\n"
    "  - {op: Transpose, name: t, shape: [4, 40], attributes: {perm: [1, 0]}}\n"
    "  - {op: Sigmoid, name: f, shape: [4, 40]}\n"
    "  - {op: Add, name: e, shape: [4, 40]}\n"
    "  - {op: Mul, name: p, shape: [4, 40]}\n"
    "  - {op: InstanceNormalization, name: o, shape: [1, 4, 9, 9], mapping: host}\n";

std::vector<std::string> inputs_of(const RunSpec& run) {
  return run.network.inputs;
}

TEST_F(Quantising, Int16OnEachSideOfEveryFamilyIsWithinOneStepOfIdeal) {
  std::vector<std::string> nodes;
  for (const NodeResult& node : run(kFamilies).nodes) nodes.push_back(node.name);
  const std::vector<std::string> inputs = inputs_of(spec(kFamilies));
  for (const bool in : {false, true})
    for (const bool out : {false, true}) {
      RunSpec s = spec(kFamilies);
      if (in) s.int16 = inputs;
      if (out) s.int16.insert(s.int16.end(), nodes.begin(), nodes.end());
      const RunResult result = simulate({s, read_machine("rdk-x5"), Policy::read("full")});
      for (const NodeResult& node : result.nodes) {
        ASSERT_TRUE(node.accuracy) << node.name;
        // A table behind a convolution has a grid between, and segments; the rest is exact within a step.
        const bool table = node.name == "h.Conv" || node.name == "f";
        if (!table) {
          EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << node.name << in << out;
        }
        EXPECT_GT(node.accuracy->sqnr_db, in && out ? 40 : 25) << node.name << in << out;
        if (out) {
          // What the CPU puts out is float32 whatever is asked.
          EXPECT_EQ(node.out_type, node.name == "o" ? "float32" : "int16") << node.name;
        }
      }
      EXPECT_EQ(simulate({s, read_machine("rdk-x5"), Policy::read("full")}, RunOptions::timing()).cycles,
                result.cycles)
          << in << out;
    }
}

TEST_F(Quantising, Int16BelowACosineTakesTheWorstNodesAndTimesThem) {
  const std::string text = std::string(kChain) + "int16_below: 0.9999999\n";
  const RunResult result = run(text), narrow = run(kChain);
  EXPECT_FALSE(result.quantised->int16.empty());
  EXPECT_GT(row(result, "n.LayerNormalization_2").accuracy->sqnr_db,
            row(narrow, "n.LayerNormalization_2").accuracy->sqnr_db + 20);
  RunSpec named = spec(kChain);
  named.int16 = result.quantised->int16;
  EXPECT_EQ(simulate({named, read_machine("rdk-x5"), Policy::read("full")}, RunOptions::timing()).cycles,
            result.cycles);
  EXPECT_TRUE(run(std::string(kChain) + "int16_below: 0.5\n").quantised->int16.empty());
  EXPECT_THROW(run(text, false), InputError);
}

// The set is enough, none of it can be left out, and naming it takes the same cycles.
TEST_F(Quantising, Int16UntilACosineFindsNamesThatAreAllNeeded) {
  const std::string last = "n.LayerNormalization_2";
  const double in_int8 = row(run(kChain), last).accuracy->cosine;
  const double goal = in_int8 + 0.7 * (1 - in_int8);
  const std::string text = std::string(kChain) + "int16_until: " + std::to_string(goal) + "\n";
  const RunResult result = run(text);
  const Int16Search& search = *result.quantised->search;
  EXPECT_NEAR(search.in_int8, in_int8, 1e-9);
  EXPECT_TRUE(search.met());
  EXPECT_NEAR(row(result, last).accuracy->cosine, search.reached, 1e-9);  // calibrated on what is measured
  EXPECT_EQ(search.int8_cycles, run(kChain).cycles);
  EXPECT_EQ(result.quantised->int16, search.names);
  ASSERT_FALSE(search.names.empty());
  ASSERT_LT(search.names.size(), 4u);
  EXPECT_NE(text_report(result).find(": reached 0."), std::string::npos);
  RunSpec named = spec(kChain);
  named.int16 = search.names;
  EXPECT_EQ(simulate({named, read_machine("rdk-x5"), Policy::read("full")}, RunOptions::timing()).cycles,
            result.cycles);
  for (std::size_t i = 0; i < search.names.size(); ++i) {
    RunSpec fewer = named;
    fewer.int16.erase(fewer.int16.begin() + static_cast<std::ptrdiff_t>(i));
    const RunResult without = simulate({fewer, read_machine("rdk-x5"), Policy::read("full")});
    EXPECT_LT(row(without, last).accuracy->cosine, search.goal) << search.names[i];
  }
}

TEST_F(Quantising, AConstantThatHoldsNaNIsNamed) {
  Network network;
  network.values["x"].hold(Tensor({1, 7}, {1, 2, 3, 4, 5, 6, 7}));
  network.values["w"].hold(Tensor({1, 7}, std::vector<double>(7, std::nan(""))));
  network.values["w"].constant = true;
  network.inputs = {"x"};
  network.outputs = {"y"};
  Node product;
  product.name = product.op = "Mul";
  product.inputs = {"x", "w"};
  product.outputs = {"y"};
  network.nodes = {product};
  RunSpec spec;
  spec.network = network;
  try {
    simulate({spec, read_machine("generic"), Policy::read("full")});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), "w: calibration: NaN has no place on an integer grid");
  }
}

TEST_F(Quantising, Int16UntilSaysWhenTheGoalIsThereAlreadyOrOutOfReach) {
  const RunResult easy = run(std::string(kChain) + "int16_until: 0.5\n");
  EXPECT_TRUE(easy.quantised->search->met());
  EXPECT_TRUE(easy.quantised->int16.empty());
  EXPECT_EQ(easy.cycles, run(kChain).cycles);
  // A decomposed norm reads and writes int8 only.
  const std::string policy = testing::TempDir() + "decomposed.yaml";
  std::ofstream(policy)
      << "name: p\noperators: [{op: LpNormalization, on: decomposed, reason: r, source: s}]\n";
  const RunResult never =
      run("operators: [{op: LpNormalization, name: n, shape: [1, 20, 40]}]\nint16_until: 0.9999999\n", true,
          policy.c_str());
  EXPECT_FALSE(never.quantised->search->met());
  EXPECT_GE(never.quantised->search->reached, never.quantised->search->in_int8);
  EXPECT_NE(text_report(never).find("NOT REACHED"), std::string::npos);
  EXPECT_THROW(run(std::string(kChain) + "int16_until: 0.9\nint16_below: 0.9\n"), InputError);
  EXPECT_THROW(run(std::string(kChain) + "int16_until: 0.9\n", false), InputError);
}

TEST_F(Quantising, TheSensitivityListIsWorstFirst) {
  const RunResult result = run(std::string(kFamilies) + "sensitivity: true\n");
  const auto& list = result.quantised->sensitivity;
  ASSERT_EQ(list.size(), result.nodes.size() - 1);  // the host's is float32: no grid costs it anything
  for (std::size_t i = 1; i < list.size(); ++i) EXPECT_LE(*list[i - 1].alone_sqnr_db, *list[i].alone_sqnr_db);
  // Networks of one node: what it loses alone is all that it loses, but for what the hardware adds.
  for (const Sensitivity& node : list)
    if (node.name == "s" || node.name == "e" || node.name == "t") {
      EXPECT_NEAR(*node.alone_sqnr_db, node.sqnr_db, 0.5) << node.name;
    }
  EXPECT_NE(text_report(result).find("Most sensitive to int8"), std::string::npos);
  const RunResult plain = run(kFamilies);
  for (std::size_t i = 1; i < plain.quantised->sensitivity.size(); ++i)
    EXPECT_LE(plain.quantised->sensitivity[i - 1].cosine, plain.quantised->sensitivity[i].cosine);
}

ValueStatistics statistics_of(const std::vector<double>& values) {
  ValueStatistics statistics;
  statistics.range(values);
  statistics.count(values);
  return statistics;
}

// 2001 values from -2 to 2; the same without their signs; and with one of 10, which is more than 4 times the
// magnitude that 99.9 % stay within.
TEST(QuantisationAdvice, FollowsFromTheNodesValues) {
  using Remedies = std::vector<Int8Remedy>;
  std::vector<double> even;
  for (int i = -1000; i <= 1000; ++i) even.push_back(0.002 * i);
  std::vector<double> one_sided = even, with_tail = even;
  for (double& value : one_sided) value = std::abs(value);
  with_tail.push_back(10);
  Sensitivity node;
  node.type = "int8";
  node.cosine = 0.99;
  EXPECT_EQ(quantisation_advice(node, statistics_of(even), false), Remedies{Int8Remedy::Int16});
  EXPECT_EQ(quantisation_advice(node, statistics_of(one_sided), false),
            (Remedies{Int8Remedy::AffineGrids, Int8Remedy::Int16}));
  EXPECT_EQ(quantisation_advice(node, statistics_of(one_sided), true), Remedies{Int8Remedy::Int16});
  EXPECT_EQ(quantisation_advice(node, statistics_of(with_tail), false),
            (Remedies{Int8Remedy::CutTails, Int8Remedy::Int16}));
  node.type = "int16";
  EXPECT_EQ(quantisation_advice(node, statistics_of(even), false), Remedies{Int8Remedy::Int16Inputs});
  node.alone_cosine = 0.99995;
  EXPECT_TRUE(quantisation_advice(node, statistics_of(even), false).empty());
}

}  // namespace
}  // namespace bpusim
