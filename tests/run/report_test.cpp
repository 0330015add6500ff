// What the report makes of a run: short tables for large networks, data for scripts, two runs side by side.
#include "sim/report/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/config/machine_file.h"
#include "sim/report/compare.h"
#include "sim/result/summary.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

RunResult many_nodes() {
  RunResult r;
  r.name = "many";
  r.machine = "generic";
  r.policy = "full";
  r.clock_mhz = 1000;
  r.wall_seconds = 1;
  for (int n = 0; n < 300; ++n) {
    NodeResult node;
    node.name = "layer" + std::to_string(n);
    node.op = n % 3 == 0 ? "Conv" : "Relu";
    node.on = n == 150 ? Side::Cpu : Side::Bpu;
    node.segment = n < 150 ? 1 : n == 150 ? 2 : 3;
    node.cycles = 1000 + n;
    node.in_type = node.out_type = "int8";
    r.cycles += node.cycles;
    r.nodes.push_back(node);
  }
  return r;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Report, LargeNetworksShowTheSlowestNodesAndThoseOnTheCpu) {
  const RunResult r = many_nodes();
  const std::string cut = text_report(r, {false, false}), whole = text_report(r, {true, false});
  EXPECT_TRUE(has(cut, "the 20 slowest and all on the CPU, 21 of 300"));
  EXPECT_TRUE(has(cut, "--nodes"));
  for (const char* name : {"layer150 ", "layer280 ", "layer299 "}) EXPECT_TRUE(has(cut, name)) << name;
  EXPECT_FALSE(has(cut, "layer279 "));
  EXPECT_TRUE(has(whole, "layer279 "));
  EXPECT_TRUE(has(cut, "300: 299 on the BPU, 1 on the CPU, in 3 segments"));
  EXPECT_LT(cut.find("Totals"), cut.find("Nodes:"));
}

TEST(Report, EscapeSequencesOnlyWhereColoursAreWanted) {
  const RunResult r = many_nodes();
  EXPECT_FALSE(has(text_report(r), "\033["));
  EXPECT_TRUE(has(text_report(r, {true, true}), "\033["));
}

TEST(Report, KindsAndSegmentsAddUp) {
  const RunResult r = many_nodes();
  std::int64_t kinds = 0, segments = 0;
  std::size_t nodes = 0;
  for (const KindSummary& kind : kinds_of(r.nodes)) kinds += kind.cycles;
  for (const SegmentSummary& segment : segments_of(r.nodes)) {
    segments += segment.cycles;
    nodes += segment.count;
  }
  EXPECT_EQ(kinds, r.cycles);
  EXPECT_EQ(segments, r.cycles);
  EXPECT_EQ(nodes, r.nodes.size());
  ASSERT_EQ(segments_of(r.nodes).size(), 3U);
  EXPECT_EQ(segments_of(r.nodes)[1].on, Side::Cpu);
}

RunResult folded_run(const char* policy) {
  const RunSpec spec = parse_run(
      "operators:\n"
      "  - {name: net, op: Conv, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu, "
      "InstanceNormalization]}\n",
      "test.yaml", "");
  return simulate({spec, read_machine("rdk-x5"), Policy::read(policy)});
}

TEST(Report, JsonSaysWhatNodesAreMadeOfAndWhatTheyHold) {
  const auto json = nlohmann::json::parse(json_report(folded_run("bayes-e")));
  const auto& conv = json["nodes"][0];
  EXPECT_EQ(conv["fused"], (std::vector<std::string>{"net.BatchNormalization", "net.Relu"}));
  // 16 * 8 * 3 * 3 weights, and 16 bytes of bias, multiplier and shift a channel.
  EXPECT_EQ(conv["weight_bytes"], 16 * 8 * 9 + 16 * 16);
  EXPECT_EQ(conv["activation_bytes"], 8 * 144 + 16 * 144);
  EXPECT_EQ(conv["macs"], 16 * 144 * 8 * 9);
  EXPECT_EQ(conv["output"], false);
  EXPECT_EQ(json["nodes"][1]["output"], true);
  ASSERT_EQ(json["segments"].size(), 2U);
  EXPECT_EQ(json["segments"][1]["on"], "CPU");
  EXPECT_EQ(json["segments"][1]["nodes"][0], "net.InstanceNormalization");
  EXPECT_EQ(json["kinds"].size(), 2U);
  EXPECT_EQ(json["advice"][0]["id"], "cpu_operator");
  EXPECT_EQ(json["advice"][0]["nodes"][0], "net.InstanceNormalization");
}

TEST(Compare, TwoPoliciesSideBySide) {
  const RunResult a = folded_run("bayes-e"), b = folded_run("full");
  const std::vector<ComparedRun> runs = {compared_run(a), compared_run(b)};
  const auto json = nlohmann::json::parse(json_comparison(runs));
  EXPECT_EQ(json["runs"][0]["segments"], 2);
  EXPECT_EQ(json["runs"][1]["segments"], 1);
  EXPECT_DOUBLE_EQ(json["runs"][0]["time_ms"], a.time_ms(a.cycles));
  EXPECT_DOUBLE_EQ(json["runs"][1]["output_sqnr_db"], b.nodes[1].accuracy->sqnr_db);
  EXPECT_EQ(json["runs"][0]["label"], "bayes-e");
  // The InstanceNormalization differs most, and is there in both.
  const auto& second = json["nodes"][1];
  EXPECT_EQ(second["name"], "net.InstanceNormalization");
  EXPECT_EQ(second["run"], "b");
  EXPECT_DOUBLE_EQ(second["difference_ms"], b.nodes[1].time_ms - a.nodes[1].time_ms);
  const std::string text = text_comparison(runs);
  for (const char* part : {"bayes-e", "full", "segments", "output SQNR", "net.InstanceNormalization"})
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
}

}  // namespace
}  // namespace bpusim
