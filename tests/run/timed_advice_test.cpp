// What a run spent its time on, and what runs of their own say that changes would win.
#include "sim/advise/timed_advice.h"

#include <algorithm>

#include "sim/config/machine_file.h"
#include "sim/result/summary.h"
#include "tests/run/advised_networks.h"

namespace bpusim {
namespace {

RunResult timed(Draft& d, const std::string& output, const char* machine, const char* policy) {
  return simulate({spec_of(d, output), read_machine(machine), Policy::read(policy)}, RunOptions::timing());
}

template <class Facts>
Line<Facts> only(const RunResult& r) {
  return only(given<Facts>(r.advice));
}

// The line of one kind of operators on the CPU.
Line<CpuOperatorAdvice> on_cpu(const RunResult& r, const std::string& op) {
  auto lines = given<CpuOperatorAdvice>(r.advice);
  const auto others = [&](const CpuOperatorAdvice& line) { return line.ops != std::vector<std::string>{op}; };
  lines.erase(std::remove_if(lines.begin(), lines.end(), others), lines.end());
  return only(lines);
}

TEST(TimedAdvice, AnOperatorOnTheCpuSplitsTheRun) {
  Draft d({1, 8, 12, 12});
  const RunResult r = timed(d, conv(d, instance_norm(d, conv(d, "x", 8)), 8), "rdk-x5", "bayes-e");
  ASSERT_EQ(r.nodes.size(), 3U);
  const auto line = only<CpuOperatorAdvice>(r);
  EXPECT_EQ(line.segments, 3);
  ASSERT_TRUE(line.on_bpu.has_value());
  EXPECT_EQ(line.on_bpu->segments_fewer, 2);
  EXPECT_DOUBLE_EQ(line.now.ms, r.nodes[1].time_ms);
  EXPECT_NEAR(line.advice.won_ms, line.now.ms - line.on_bpu->ms, 1e-12);
  EXPECT_GT(line.advice.won_ms, 0);
  EXPECT_LT(line.advice.won_ms, r.nodes[1].time_ms);
  EXPECT_STREQ(r.advice[0].id(), "cpu_operator");  // most is won there
}

// Neg stays on the CPU, and its input would cross then: a crossing and a conversion more.
TEST(TimedAdvice, WhatStaysOnTheCpuPaysForItsInputsToCross) {
  Draft d({1, 8, 12, 12});
  const RunResult r = timed(d, d.add("Neg", {instance_norm(d, "x")}), "rdk-x5", "bayes-e");
  EXPECT_EQ(given<CpuOperatorAdvice>(r.advice).size(), 2U);
  EXPECT_GT(on_cpu(r, "InstanceNormalization").on_bpu->readers_ms, 0);
}

TEST(TimedAdvice, WhatOnlyMovesElementsAroundItGoesWithIt) {
  Draft d({1, 6, 8, 5});
  const RunResult r = timed(d, ibn(d), "rdk-x3", "bernoulli2");
  EXPECT_TRUE(on_cpu(r, "InstanceNormalization").with_movers.has_value());
}

TEST(TimedAdvice, ANormInSubOperatorsBesideOneOperator) {
  Draft d({1, 64, 256});
  const std::string y = d.add("LpNormalization", {"x"});  // which no exporter writes out
  const Policy policy = Policy::parse(
      "name: p\noperators: [{op: LpNormalization, on: decomposed, reason: r, source: s}]\n", "p.yaml");
  const auto line = only<DecomposedNormAdvice>(
      simulate({spec_of(d, y), read_machine("generic"), policy}, RunOptions::timing()));
  EXPECT_GT(line.advice.won_ms, 0);
  EXPECT_NEAR(line.advice.won_ms, line.now.ms - line.whole_ms, 1e-12);
  EXPECT_TRUE(given<DecomposedNormAdvice>(timed(d, y, "generic", "full").advice).empty());
}

TEST(TimedAdvice, DepthwiseConvolutionsLeaveTheArrayIdle) {
  Draft d({1, 64, 32, 32});
  Attributes a;
  a.ints["group"] = 64;
  a.int_lists["pads"] = {1, 1, 1, 1};
  const RunResult r = timed(d, d.add("Conv", {"x", d.numbers({64, 1, 3, 3})}, a), "rdk-x5", "full");
  const auto line = only<IdleMacsAdvice>(r);
  EXPECT_EQ(line.op, "Conv");
  EXPECT_EQ(line.groups, IdleMacsAdvice::Groups::Channels);
  EXPECT_DOUBLE_EQ(line.macs_percent, 100 * r.nodes[0].mac_utilisation);
  // 64 * 32 * 32 * 9 products.
  EXPECT_EQ(r.nodes[0].macs, 589824);
  EXPECT_NEAR(r.nodes[0].mac_utilisation,
              589824.0 /
                  static_cast<double>(read_machine("rdk-x5").mac.rows * read_machine("rdk-x5").mac.cols *
                                      read_machine("rdk-x5").bpu.cores) /
                  static_cast<double>(r.nodes[0].cycles),
              1e-12);
}

// Room as the advice says, and no tensor between operators is left in DRAM.
TEST(TimedAdvice, TheRoomThatItNamesHoldsAllTensors) {
  Draft d({1, 16, 48, 48});
  const std::string a = d.add("Sigmoid", {"x"}), b = d.add("Tanh", {a});
  const std::string y = d.add("Add", {d.add("Mul", {a, b}), b});
  const RunSpec spec = spec_of(d, y);
  const RunResult before =
      simulate({spec, read_machine("generic"), Policy::read("full")}, RunOptions::timing());
  const auto line = only<DramBoundAdvice>(before);
  ASSERT_TRUE(line.tensors.has_value());
  const std::string room = "sram.tensor_bytes=" + std::to_string(line.tensors->room_bytes);
  const MachineParams machine = read_machine("generic", {"sram.bytes=4MiB", room});
  const RunResult after = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  // Left are the network's input and its output.
  EXPECT_EQ(after.dram_read_bytes + after.dram_write_bytes, 2 * 16 * 48 * 48);
  EXPECT_GT(before.dram_read_bytes + before.dram_write_bytes, 4 * 16 * 48 * 48);
}

RunOptions with_what_if(bool function) {
  RunOptions options;
  options.function = function;
  options.what_if = true;
  return options;
}

// A change that is tried is a run of its own: the policy that has the operator, the machine that has the
// room.
TEST(WhatIf, WhatItSaysIsWhatSuchARunTakes) {
  Draft d({1, 8, 24, 24});
  RunSpec spec = spec_of(d, conv(d, instance_norm(d, conv(d, "x", 8)), 8));
  const MachineParams machine = read_machine("rdk-x5");
  const RunResult r = simulate({spec, machine, Policy::read("bayes-e")}, with_what_if(true));
  const Advice advice = only<CpuOperatorAdvice>(r).advice;
  const RunResult other = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  ASSERT_TRUE(advice.run_ms.has_value());
  EXPECT_DOUBLE_EQ(*advice.run_ms, other.time_ms(other.cycles));
  EXPECT_DOUBLE_EQ(advice.won_ms, r.time_ms(r.cycles - other.cycles));
}

// Another form of a norm gives other values, and what they cost in accuracy stands beside the time.
TEST(WhatIf, AnotherFormIsTriedWithItsAccuracy) {
  Draft d({1, 8, 24, 24});
  RunSpec spec = spec_of(d, conv(d, instance_norm(d, conv(d, "x", 8)), 8));
  const MachineParams machine = read_machine("rdk-x5");
  const Policy policy = Policy::read("bayes-e");
  const RunResult r = simulate({spec, machine, policy}, with_what_if(true));
  const Advice advice = only<NormWholeOnCpuAdvice>(r).advice;
  const RunResult other = simulate({spec, machine, policy.with_in_primitives({"InstanceNormalization"})});
  EXPECT_DOUBLE_EQ(advice.run_ms.value(), other.time_ms(other.cycles));
  ASSERT_TRUE(advice.outputs.has_value());
  EXPECT_DOUBLE_EQ(advice.outputs->cosine_now, output_accuracy(r.nodes).cosine);
  EXPECT_DOUBLE_EQ(advice.outputs->cosine_then, output_accuracy(other.nodes).cosine);
  EXPECT_NE(advice.outputs->cosine_then, advice.outputs->cosine_now);
  const RunResult timing = simulate({spec, machine, policy}, with_what_if(false));
  EXPECT_FALSE(only<NormWholeOnCpuAdvice>(timing).advice.outputs.has_value());
}

// Elements one by one through a DRAM whose every burst opens a row: what the CPU takes less for is where it
// belongs, tried or not.
TEST(WhatIf, AChangeThatLosesIsNoAdvice) {
  Draft d({1, 64, 64, 64});
  Attributes a;
  a.int_lists["perm"] = {0, 2, 3, 1};
  RunSpec spec = spec_of(d, d.add("Transpose", {"x"}, a));
  const MachineParams machine = read_machine("generic", {"dram.rcd=200", "dram.rp=200", "dram.ras=400"});
  const RunResult full = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  const Scenario on_cpu{spec, machine, Policy::read("bernoulli2")};
  for (const bool tried : {false, true}) {
    RunOptions options = with_what_if(false);
    options.what_if = tried;
    const RunResult r = simulate(on_cpu, options);
    ASSERT_TRUE(r.nodes.at(0).on_cpu());
    ASSERT_LT(r.cycles, full.cycles);
    EXPECT_TRUE(r.advice.empty());
  }
}

// What the run file keeps on the host is let go as well.
TEST(WhatIf, ANodeThatTheRunPutsOnTheHost) {
  const char* text = "operators:\n  - {name: norm, op: InstanceNormalization, shape: [1, 8, 24, 24]%s}\n";
  char host[200], free[200];
  std::snprintf(host, sizeof host, text, ", mapping: host");
  std::snprintf(free, sizeof free, text, "");
  const MachineParams machine = read_machine("generic");
  const RunSpec spec = parse_run(host, "host.yaml", "");
  const RunResult r = simulate({spec, machine, Policy::read("full")}, with_what_if(false));
  const RunResult other =
      simulate({parse_run(free, "free.yaml", ""), machine, Policy::read("full")}, RunOptions::timing());
  EXPECT_DOUBLE_EQ(*only<CpuOperatorAdvice>(r).advice.run_ms, other.time_ms(other.cycles));
}

// The Transpose beside the norm goes with it; the one between the convolutions stays where it is.
TEST(WhatIf, OnlyTheNodesThatAreNamedMove) {
  Draft d({1, 8, 24, 24});
  const std::string turned = d.add("Transpose", {conv(d, "x", 8)}, permutation({0, 1, 3, 2}));
  const std::string far = d.network.nodes.back().name;
  const std::string y = instance_norm(d, d.add("Transpose", {conv(d, turned, 8)}, permutation({0, 1, 3, 2})));
  const RunSpec spec = spec_of(d, y);
  const MachineParams machine = read_machine("rdk-x3");
  const Policy policy = Policy::read("bernoulli2");
  const RunResult r = simulate({spec, machine, policy}, with_what_if(false));
  RunSpec same = spec;
  same.options[far].mapping = Mapping::Host;
  const RunResult other = simulate(
      {same, machine, policy.with_on_bpu({"InstanceNormalization", "Transpose"})}, RunOptions::timing());
  const Advice advice = on_cpu(r, "InstanceNormalization").advice;
  EXPECT_EQ(advice.what_if->nodes.size(), 2U);
  EXPECT_DOUBLE_EQ(*advice.run_ms, other.time_ms(other.cycles));
}

TEST(WhatIf, MoreRoomOnChip) {
  Draft d({1, 16, 48, 48});
  const std::string a = d.add("Sigmoid", {"x"}), b = d.add("Tanh", {a});
  RunSpec spec = spec_of(d, d.add("Add", {d.add("Mul", {a, b}), b}));
  const RunResult r = simulate({spec, read_machine("generic"), Policy::read("full")}, with_what_if(false));
  const Advice advice = only<DramBoundAdvice>(r).advice;
  // generic: 2 MiB in 16 banks of 128 KiB, none of it for tensors. Three tensors of 36 KiB live at once at
  // most, so that one bank more holds them.
  const MachineParams machine =
      read_machine("generic", {"sram.bytes=2176KiB", "sram.banks=17", "sram.tensor_bytes=128KiB"});
  const RunResult other = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  ASSERT_TRUE(advice.run_ms.has_value());
  EXPECT_DOUBLE_EQ(*advice.run_ms, other.time_ms(other.cycles));
  EXPECT_GT(advice.won_ms, 0);
}

}  // namespace
}  // namespace bpusim
