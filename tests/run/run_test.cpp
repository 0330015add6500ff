#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "kernels/vector/unary.h"
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/plan/placement.h"
#include "sim/report/report.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

RunSpec spec(const std::string& operators) {
  return parse_run("operators:\n" + operators, "test.yaml", "");
}

RunResult run(const std::string& operators, const MachineParams& machine, bool function = true) {
  return simulate({spec(operators), machine, Policy::read("full")},
                  function ? RunOptions() : RunOptions::timing());
}

const char* const kSmallNorms =
    "  - {op: InstanceNormalization, shape: [2, 8, 14, 14]}\n"
    "  - {op: LayerNormalization, shape: [1, 50, 96]}\n"
    "  - {op: LayerNormalization, shape: [1, 24, 9, 7], attributes: {axes: [1]}}\n"
    "  - {op: GroupNormalization, shape: [2, 16, 9, 9], attributes: {num_groups: 4}}\n"
    "  - {op: BatchNormalization, shape: [1, 16, 20, 20]}\n"
    "  - {op: InstanceBatchNormalization, shape: [2, 12, 10, 10]}\n"
    "  - {op: LpNormalization, shape: [4, 40, 6], attributes: {axis: 1, p: 1}}\n"
    "  - {op: Conv, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu]}\n"
    "  - {op: Conv, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, HardSwish]}\n"
    "  - {op: IBNSplit, shape: [1, 8, 12, 12]}\n"
    "  - {op: Add, shape: [1, 30, 50], then: [RMSNormalization]}\n"
    "  - {op: InstanceNormalization, shape: [1, 4, 9, 9], mapping: host}\n"
    "  - {op: LayerNormalization, shape: [1, 20, 64], mapping: decomposed}\n";

TEST(Run, NoNodeBeatsItsRooflineOnAnyPresetAndMapping) {
  for (const std::string& preset : list_configs("machines")) {
    const MachineParams machine = read_machine(preset);
    for (const char* mapping : {"auto", "resident", "streaming", "split", "mac_array"}) {
      RunSpec s = spec(kSmallNorms);
      for (auto& [name, options] : s.options)
        if (!options.mapping && name.find("Lp") == std::string::npos)
          options.mapping = parse_mapping(mapping);
      for (const NodeResult& node :
           simulate({s, machine, Policy::read("full")}, RunOptions::timing()).nodes) {
        EXPECT_LE(node.roofline_fraction, 1.0) << preset << " " << mapping << " " << node.name;
        EXPECT_TRUE(node.mapping == "in place" || node.roofline_fraction > 0) << node.name;
      }
    }
  }
}

// What is chosen is timed, so no mapping that was asked for beats it.
TEST(Run, TheChosenMappingIsNoSlowerThanAnyOther) {
  for (const char* preset : {"generic", "rdk-x3", "rdk-x5", "s600"}) {
    const MachineParams machine = read_machine(preset);
    for (const char* op :
         {"InstanceNormalization, shape: [1, 32, 64, 64]", "LayerNormalization, shape: [1, 196, 768]",
          "GroupNormalization, shape: [1, 32, 40, 40], attributes: {num_groups: 8}",
          "InstanceNormalization, shape: [1, 2, 300, 300]", "RMSNormalization, shape: [1, 50, 96]"}) {
      const std::string text = std::string("  - {op: ") + op;
      const std::int64_t chosen = run(text + "}\n", machine, false).cycles;
      for (const char* mapping : {"resident", "streaming", "split", "mac_array"}) {
        std::int64_t forced = 0;
        try {
          forced = run(text + ", mapping: " + mapping + "}\n", machine, false).cycles;
        } catch (const InputError&) {
          continue;  // the machine or the shape has no such mapping
        }
        EXPECT_LE(chosen, forced) << preset << " " << op << " " << mapping;
      }
    }
  }
}

TEST(Run, LargeResidentNormsReachNineTenthsOfTheRoofline) {
  const MachineParams machine = read_machine("generic");
  for (const char* op :
       {"InstanceNormalization, shape: [1, 64, 128, 128]", "LayerNormalization, shape: [1, 1024, 1024]",
        "GroupNormalization, shape: [2, 64, 128, 128], attributes: {num_groups: 64}"}) {
    const RunResult r = run(std::string("  - {op: ") + op + ", mapping: resident}\n", machine, false);
    EXPECT_GE(r.nodes[0].roofline_fraction, 0.9) << op;
  }
}

TEST(Run, TheSameBytesOfReportEachTime) {
  const MachineParams machine = read_machine("rdk-x5");
  RunResult a = run(kSmallNorms, machine), b = run(kSmallNorms, machine);
  a.wall_seconds = b.wall_seconds = 1;
  EXPECT_EQ(json_report(a), json_report(b));
}

TEST(Run, FunctionDoesNotChangeCycles) {
  for (const char* preset : {"generic", "rdk-x3", "s600"}) {
    const MachineParams machine = read_machine(preset);
    const RunResult with = run(kSmallNorms, machine, true), without = run(kSmallNorms, machine, false);
    for (std::size_t n = 0; n < with.nodes.size(); ++n)
      EXPECT_EQ(with.nodes[n].cycles, without.nodes[n].cycles) << preset << with.nodes[n].name;
    EXPECT_TRUE(with.nodes[0].accuracy.has_value());
    EXPECT_FALSE(without.nodes[0].accuracy.has_value());
  }
}

TEST(Run, MachinesOfDifferentTimingGiveTheSameAccuracy) {
  const RunResult a = run(kSmallNorms, read_machine("generic")), b = run(kSmallNorms, read_machine("s600"));
  for (std::size_t n = 0; n < a.nodes.size(); ++n) {
    EXPECT_EQ(a.nodes[n].accuracy->sqnr_db, b.nodes[n].accuracy->sqnr_db) << a.nodes[n].name;
    EXPECT_EQ(a.nodes[n].accuracy->ideal_exact_fraction, b.nodes[n].accuracy->ideal_exact_fraction);
  }
}

TEST(Run, EngineCyclesAddUpToTheRun) {
  const RunResult r = run(kSmallNorms, read_machine("rdk-x3"));
  for (const EngineUse& use : r.engines) {
    std::int64_t sum = 0;
    for (const std::int64_t part : use.cycles) {
      EXPECT_GE(part, 0) << use.name;
      sum += part;
    }
    EXPECT_EQ(sum, r.cycles) << use.name;
  }
}

TEST(Run, FoldingABatchNormIntoAConvolutionSavesTimeAndBytes) {
  const char* chain =
      "  - {op: Conv, shape: [1, 16, 28, 28], out_channels: 32, then: [BatchNormalization, Relu]%s}\n";
  char text[200];
  std::snprintf(text, sizeof text, chain, "");
  const RunResult folded = run(text, read_machine("generic"));
  std::snprintf(text, sizeof text, chain, ", fuse: false");
  const RunResult apart = run(text, read_machine("generic"));
  ASSERT_EQ(folded.nodes.size(), 1u);
  ASSERT_EQ(apart.nodes.size(), 3u);
  EXPECT_LT(folded.cycles, apart.cycles);
  EXPECT_LT(folded.dram_read_bytes, apart.dram_read_bytes);
  EXPECT_GT(folded.nodes.back().accuracy->sqnr_db, apart.nodes.back().accuracy->sqnr_db);
}

// Few rows and many channels: cores that divide the rows would each read all weights.
TEST(Run, CoresDivideTheChannelsWhereRowsAreFew) {
  const MachineParams machine = read_machine("s600");
  const std::string few = "  - {op: Conv, shape: [1, 128, 8, 8], out_channels: 512}\n",
                    many = "  - {op: Conv, shape: [1, 64, 128, 128], out_channels: 64}\n";
  const NodeResult divided = run(few, machine, false).nodes.at(0);
  EXPECT_EQ(divided.mapping, "mac_channels");
  EXPECT_LE(divided.roofline_fraction, 1);
  EXPECT_EQ(run(few, machine).nodes.at(0).cycles, divided.cycles);
  EXPECT_EQ(run(many, machine, false).nodes.at(0).mapping, "mac_array");
}

TEST(Run, AnActivationBehindAConvolutionCostsNoPassThroughMemory) {
  const char* chain =
      "  - {op: Conv, shape: [1, 16, 28, 28], out_channels: 32, then: [BatchNormalization, SiLU]%s}\n";
  char text[200];
  std::snprintf(text, sizeof text, chain, "");
  const RunResult fused = run(text, read_machine("generic"));
  std::snprintf(text, sizeof text, chain, ", fuse: false");
  const RunResult apart = run(text, read_machine("generic"));
  ASSERT_EQ(fused.nodes.size(), 1u);
  ASSERT_EQ(apart.nodes.size(), 3u);
  EXPECT_EQ(fused.nodes[0].op, "Conv+BatchNormalization+SiLU");
  // The grid between sum and table costs a little, and far less than a way through memory on two grids.
  EXPECT_GE(fused.nodes[0].accuracy->ideal_exact_fraction, 0.7);
  EXPECT_GE(fused.nodes[0].accuracy->ideal_within_1lsb_fraction, 0.999);
  EXPECT_LT(fused.cycles, apart.cycles);
  EXPECT_GT(fused.nodes[0].accuracy->sqnr_db, apart.nodes[2].accuracy->sqnr_db);
}

TEST(Run, BatchNormTrainingLeavesRunningStatistics) {
  // The host task after the norm reads 16 bytes of sums a channel and writes two float32 values.
  const RunResult r =
      run("  - {op: BatchNormalization, shape: [2, 4, 5, 5], attributes: {training_mode: 1}}\n",
          read_machine("generic"));
  EXPECT_GT(r.host_cycles, 0);
  EXPECT_EQ(r.dram_read_bytes, 200 + 4 * 16 + 4 * 16);      // codes, affine entries, sums
  EXPECT_EQ(r.dram_write_bytes, 200 + 4 * 16 + 2 * 4 * 4);  // codes, sums, statistics
  EXPECT_DOUBLE_EQ(r.nodes[0].accuracy->ideal_exact_fraction, 1);
  // Statistics of int8 codes of 50 values: the mean of rounding errors within half a step of about 1/40.
  EXPECT_GT(r.nodes[0].statistics_error, 0);
  EXPECT_LT(r.nodes[0].statistics_error, 0.005);
}

TEST(Run, HostTextAndRandomNumbersRunWhereThePolicyAllows) {
  const char* operators =
      "  - {op: StringNormalizer, text: [Ab, cD], attributes: {case_change_action: UPPER}}\n"
      "  - {op: RandomNormalLike, shape: [2, 3], attributes: {seed: 5.0}}\n";
  const RunResult r = run(operators, read_machine("generic"));
  EXPECT_EQ(r.nodes[0].on, Side::Cpu);
  EXPECT_EQ(r.nodes[1].on, Side::Cpu);
  try {
    simulate({spec(operators), read_machine("rdk-x5"), Policy::read("bayes-e")});
    FAIL();
  } catch (const PlacementError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("StringNormalizer"), std::string::npos);
    EXPECT_NE(message.find("RandomNormalLike"), std::string::npos);  // all of them, not only the first
  }
}

// Every operator of whole networks, on machines that tile it differently: the ideal result but for rare ties.
TEST(Run, NeighboursOfNormsAreIdeal) {
  std::string operators =
      "  - {op: MaxPool, shape: [2, 5, 17, 13], attributes: {kernel_shape: [3, 3], strides: [2, 2], pads: "
      "[1, 1, 1, 1]}}\n"
      "  - {op: AveragePool, shape: [1, 7, 12, 12], attributes: {kernel_shape: [2, 3], strides: [2, 3], "
      "pads: [1, 0, 0, 1]}}\n"
      "  - {op: GlobalAveragePool, shape: [2, 33, 7, 9]}\n"
      "  - {op: Softmax, shape: [3, 40, 50]}\n"
      "  - {op: Transpose, shape: [2, 9, 11, 4], attributes: {perm: [0, 2, 3, 1]}}\n"
      "  - {op: DepthToSpace, shape: [1, 12, 5, 5], attributes: {blocksize: 2}}\n"
      "  - {op: Mul, shape: [1, 30, 40]}\n"
      "  - {op: Sub, shape: [1, 30, 40]}\n";
  for (const UnaryDefinition& unary : unary_registry())
    if (std::string(unary.op) != "Pow" && std::string(unary.op) != "Not")  // truth is on no grid
      operators += std::string("  - {op: ") + unary.op + ", shape: [1, 3000]}\n";
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{}, {"sram.bytes=16KiB", "bpu.cores=3"}}) {
    const RunResult r = simulate({spec(operators), read_machine("generic", settings), Policy::read("full")});
    for (const NodeResult& node : r.nodes) {
      EXPECT_EQ(node.on, Side::Bpu) << node.name << ": " << node.reason;
      EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << node.name;
      EXPECT_GE(node.accuracy->ideal_exact_fraction, 0.999) << node.name;
      EXPECT_LE(node.roofline_fraction, 1) << node.name;
    }
  }
}

TEST(Run, TheCpuIsChargedForProductsAndReductions) {
  // 2 * 64 * 256 * 512 operations of a product on 4 cores of 4 a cycle at 1.5 GHz are 699 us; its 64 KiB and
  // more of floats are 26 us, and task and crossing 50 us. Conversions: 64 * 256 and 64 * 512 codes at 4
  // operations.
  Network network;
  Node node;
  node.name = "product";
  node.op = "MatMul";
  node.inputs = {"a", "b"};
  node.outputs = {"y"};
  network.values["a"].hold(Tensor::filled({64, 256}, 0.5));
  network.values["b"].hold(Tensor::filled({256, 512}, 0.5));
  network.inputs = {"a", "b"};
  network.outputs = {"y"};
  network.nodes = {node};
  RunSpec product;
  product.network = network;
  const Policy cpu =
      Policy::parse("name: p\noperators:\n  - {op: MatMul, on: cpu, reason: r, source: s}\n", "p");
  const RunResult r = simulate({product, read_machine("generic"), cpu});
  ASSERT_EQ(r.nodes[0].on, Side::Cpu);
  EXPECT_GT(r.nodes[0].time_ms, 0.699 + 0.05);
  EXPECT_LT(r.nodes[0].time_ms, 0.9);
  // 64 * 256 * 512 products are a few microseconds of a MAC array: nearly all of it would be won.
  ASSERT_EQ(r.advice.size(), 1u);
  EXPECT_GT(r.advice[0].won_ms, 0.7);
}

TEST(Run, AdviceSaysWhatTheCpuCosts) {
  const char* norms =
      "  - {op: InstanceNormalization, shape: [1, 8, 9, 9]}\n"
      "  - {op: BatchNormalization, shape: [1, 8, 9, 9], attributes: {training_mode: 1}}\n"
      "  - {op: InstanceNormalization, shape: [1, 8, 1, 1]}\n";
  const RunResult r = simulate({spec(norms), read_machine("rdk-x5"), Policy::read("bayes-e")});
  ASSERT_EQ(r.advice.size(), 4u);
  EXPECT_STREQ(r.advice[0].id(), "cpu_operator");
  EXPECT_EQ(std::get<CpuOperatorAdvice>(r.advice[0].facts).ops,
            std::vector<std::string>{"InstanceNormalization"});
  EXPECT_EQ(r.advice[0].nodes.size(), 2u);
  EXPECT_GT(r.advice[0].won_ms, 0.05);  // 50 us of task and crossing each, against a few on the BPU
  EXPECT_STREQ(r.advice[1].id(), "batch_norm_training");
  EXPECT_STREQ(r.advice[2].id(), "one_element");
  EXPECT_STREQ(r.advice[3].id(), "norm_whole_on_cpu");  // in primitives each of its parts is on the BPU
}

// Tensors that stay in SRAM are the same bytes; only their way is shorter. Several networks at once fill the
// region, so that some tensors find no room and go through DRAM.
TEST(Run, TensorsThatStayOnChipAreTheSameBytes) {
  std::string chains;
  for (int i = 0; i < 4; ++i)
    chains +=
        "  - {op: Conv, shape: [1, 16, 24, 24], out_channels: 32, then: [BatchNormalization, Relu, MaxPool, "
        "Sigmoid, Add, "
        "LayerNormalization, Transpose, Softmax]}\n";
  const auto at = chains.find("MaxPool");
  ASSERT_NE(at, std::string::npos);
  std::size_t pos = 0;
  while ((pos = chains.find("MaxPool", pos)) != std::string::npos) {
    const std::string pool = "{op: MaxPool, attributes: {kernel_shape: [1, 1]}}";
    chains.replace(pos, 7, pool);
    pos += pool.size();
  }
  const RunResult apart =
      simulate({spec(chains), read_machine("generic", {"sram.bytes=256KiB"}), Policy::read("full")});
  for (const char* room : {"sram.tensor_bytes=20KiB", "sram.tensor_bytes=128KiB"}) {
    const MachineParams machine = read_machine("generic", {"sram.bytes=256KiB", room});
    const RunResult kept = simulate({spec(chains), machine, Policy::read("full")});
    ASSERT_EQ(kept.nodes.size(), apart.nodes.size());
    for (std::size_t n = 0; n < kept.nodes.size(); ++n) {
      EXPECT_EQ(kept.nodes[n].accuracy->sqnr_db, apart.nodes[n].accuracy->sqnr_db) << kept.nodes[n].name;
      EXPECT_EQ(kept.nodes[n].accuracy->ideal_exact_fraction, apart.nodes[n].accuracy->ideal_exact_fraction);
      EXPECT_LE(kept.nodes[n].roofline_fraction, 1.0) << kept.nodes[n].name;
    }
    EXPECT_LT(kept.dram_read_bytes + kept.dram_write_bytes, apart.dram_read_bytes + apart.dram_write_bytes);
    EXPECT_EQ(simulate({spec(chains), machine, Policy::read("full")}, RunOptions::timing()).cycles,
              kept.cycles);
  }
}

TEST(Run, PolicyDecidesWhere) {
  const char* norms =
      "  - {op: InstanceNormalization, shape: [1, 8, 9, 9]}\n"
      "  - {op: GroupNormalization, shape: [1, 8, 9, 9], attributes: {num_groups: 4}}\n"
      "  - {op: BatchNormalization, shape: [1, 8, 9, 9]}\n";
  const RunResult r = simulate({spec(norms), read_machine("rdk-x5"), Policy::read("bayes-e")});
  EXPECT_EQ(r.nodes[0].on, Side::Cpu);
  // Written out as PyTorch does: an InstanceNormalization between Reshapes, scale and bias.
  ASSERT_EQ(r.nodes.size(), 5U);
  EXPECT_EQ(r.nodes[1].name, "GroupNormalization/instance");
  EXPECT_EQ(r.nodes[1].on, Side::Cpu);
  EXPECT_EQ(r.nodes[3].name, "GroupNormalization");
  EXPECT_EQ(r.nodes[4].mapping, "resident");
  EXPECT_EQ(r.nodes[4].segment, 2);
}

std::string error_of(const std::string& operators, const std::vector<std::string>& settings = {}) {
  try {
    simulate({spec(operators), read_machine("generic", settings), Policy::read("full")});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Run, BadNetworksAreNamed) {
  EXPECT_NE(error_of("  - {op: InstanceNormalization, shape: [8, 8]}\n").find("InstanceNormalization: "),
            std::string::npos);
  EXPECT_NE(error_of("  - {op: LpNormalization, shape: [8, 8], attributes: {axis: 2}}\n").find("axis"),
            std::string::npos);
  EXPECT_NE(error_of("  - {op: LayerNormalization, shape: [8, 1000]}\n", {"numerics.sum_bits=16"})
                .find("numerics.sum_bits is 16"),
            std::string::npos);
  RunSpec nan = spec("  - {op: LayerNormalization, shape: [8, 8]}\n");
  Tensor x = *nan.network.values.at("LayerNormalization.x").data;
  x.values[5] = std::nan("");
  nan.network.values.at("LayerNormalization.x").hold(x);
  EXPECT_THROW(simulate({nan, read_machine("generic"), Policy::read("full")}), InputError);
  RunSpec gamma = spec("  - {op: LayerNormalization, shape: [8, 8]}\n");
  gamma.network.values.at("LayerNormalization.scale").hold(Tensor({7}, std::vector<double>(7, 1)));
  EXPECT_THROW(simulate({gamma, read_machine("generic"), Policy::read("full")}), InputError);
}

TEST(Run, WrappedAccumulatorsAreCounted) {
  const RunResult r =
      run("  - {op: LayerNormalization, shape: [8, 1000]}\n",
          read_machine("generic", {"numerics.square_sum_bits=16", "numerics.on_overflow=wrap"}));
  EXPECT_GT(r.nodes[0].overflows, 0);
}

TEST(Report, JsonHasTheKeysThatScriptsRead) {
  const auto json = nlohmann::json::parse(json_report(run(kSmallNorms, read_machine("generic"))));
  EXPECT_EQ(json["schema"], "bpusim-run-2");
  EXPECT_EQ(json["machine"]["name"], "generic");
  for (const char* key : {"cycles", "time_ms", "bpu_cycles", "bpu_ms", "host_ms", "dram_read_bytes",
                          "dram_write_bytes", "bandwidth_gbps"})
    EXPECT_TRUE(json["total"][key].is_number()) << key;
  for (const char* key : {"dram", "sram_bank", "dependency", "host", "dispatch", "queue_empty"})
    EXPECT_TRUE(json["stalls"][key].is_number()) << key;
  for (const auto& node : json["nodes"]) {
    for (const char* key : {"name", "op", "on", "reason", "segment", "mapping", "cycles", "dram_read_bytes",
                            "dram_write_bytes", "bound", "roofline_fraction"})
      EXPECT_TRUE(node.contains(key)) << key;
    for (const char* key : {"sqnr_db", "cosine", "max_abs_error", "ideal_exact_fraction",
                            "ideal_within_1lsb_fraction", "ideal_loss_db"})
      EXPECT_TRUE(node["accuracy"][key].is_number()) << key;
  }
}

}  // namespace
}  // namespace bpusim
