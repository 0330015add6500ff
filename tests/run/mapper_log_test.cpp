#include "sim/report/mapper_log.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/report/mapper_table.h"
#include "tests/network/error_of.h"

namespace bpusim {
namespace {

constexpr const char* kLog =
    "2026-01-02 10:00:00,100 file: a.py func: a line No: 7 FPS=250.00, latency = 4000.0 us, DDR = 1000 "
    "bytes\n"
    "2026-01-02 10:00:00,200 file: p.py func: p line No: 57 The converted model node information:\n"
    "==============================================================================================\n"
    "Node                    ON   Subgraph  Type              Cosine Similarity  Threshold   DataType  \n"
    "----------------------------------------------------------------------------------------------\n"
    "HZ_PREPROCESS_FOR_in    BPU  id(0)     HzPreprocess      0.999900           127.000000  int8      \n"
    "conv one                BPU  id(0)     HzSQuantizedConv  0.990000           2.000000    int8      \n"
    "...ng/name_Requantize   BPU  id(0)     HzRequantize                                     int8      \n"
    "UNIT_CONV_FOR_add       BPU  id(0)     HzSQuantizedConv  0.980000           3.000000    int8      \n"
    "soft                    CPU  --        Softmax           0.970000           --          float     \n"
    "2026-01-02 10:00:00,300 file: p.py func: p line No: 60 The model output:\n";

NodeResult row(const std::string& name, const std::string& op, Side on, double threshold, double cosine) {
  NodeResult node;
  node.name = name;
  node.op = op;
  node.on = on;
  node.in_type = node.out_type = "int8";
  node.threshold = threshold;
  node.accuracy = Accuracy();
  node.accuracy->cosine = cosine;
  node.reason = "for a test";
  return node;
}

RunResult run() {
  RunResult result;
  result.clock_mhz = 1000;
  result.cycles = result.bpu_cycles = 2000000;  // 2 ms
  result.dram_read_bytes = 1200;
  result.dram_write_bytes = 300;
  result.nodes = {row("HZ_PREPROCESS_FOR_in", "PixelPreprocess", Side::Bpu, 127, 0.9999),
                  row("conv one", "Conv+Relu", Side::Bpu, 4, 0.995), row("add", "Add", Side::Bpu, 3, 0.98),
                  row("soft", "Softmax", Side::Bpu, 1, 0.97)};
  result.nodes[1].fused = {"relu"};
  return result;
}

TEST(MapperLog, IsRead) {
  const MapperLog log = parse_mapper_log(kLog, "a.log");
  ASSERT_EQ(log.nodes.size(), 5u);
  EXPECT_EQ(log.nodes[1].name, "conv one");
  EXPECT_EQ(log.nodes[1].on, "BPU");
  EXPECT_EQ(log.nodes[1].type, "HzSQuantizedConv");
  EXPECT_EQ(log.nodes[1].dtype, "int8");
  EXPECT_EQ(log.nodes[1].threshold, 2.0);
  EXPECT_EQ(log.nodes[2].cosine, std::nullopt);
  EXPECT_EQ(log.nodes[4].subgraph, "--");
  EXPECT_EQ(log.nodes[4].threshold, std::nullopt);
  ASSERT_EQ(log.subgraphs.size(), 1u);
  EXPECT_EQ(log.subgraphs[0].fps, 250);
  EXPECT_EQ(log.subgraphs[0].latency_us, 4000);
  EXPECT_EQ(log.subgraphs[0].ddr_bytes, 1000);
}

// The checker's table has four columns, older ones say "In/Out DataType".
TEST(MapperLog, IsReadInItsOtherForms) {
  const MapperLog four =
      parse_mapper_log("Node  ON   Subgraph  Type\n---\nc     BPU  id(0)     Conv\n", "a.log");
  ASSERT_EQ(four.nodes.size(), 1u);
  EXPECT_EQ(four.nodes[0].type, "Conv");
  const MapperLog both = parse_mapper_log(
      "Node  ON   Subgraph  Type  Cosine Similarity  Threshold  In/Out DataType\r\n"
      "c     BPU  id(0)     Conv  0.5                1.25       int8/int16\r\n",
      "a.log");
  EXPECT_EQ(both.nodes.at(0).dtype, "int8/int16");
  EXPECT_EQ(both.nodes.at(0).threshold, 1.25);
  // Of 2021: no types, and a row ends where it has no more.
  const MapperLog old = parse_mapper_log(
      "Node  ON   Subgraph  Type     Cosine Similarity  Threshold\n"
      "-----------------------------------------------------------\n"
      "ip2   BPU  id(0)     Conv     0.999989           2438.901855\n"
      "r     CPU  --        Reshape\n"
      "2021-04-20 INFO The quantify model output:\n"
      "Node  Cosine Similarity  L1 Distance  L2 Distance  Chebyshev Distance\n"
      "ip2   0.999989           7.732184     2.969808     16.220459\n",
      "a.log");
  ASSERT_EQ(old.nodes.size(), 2U);
  EXPECT_EQ(old.nodes[0].threshold, 2438.901855);
  EXPECT_EQ(old.nodes[1].type, "Reshape");
  EXPECT_EQ(old.nodes[1].cosine, std::nullopt);
}

// As logs are passed on: indented, in a terminal's colours, with rows left out.
TEST(MapperLog, IsReadAsPeopleCopyIt) {
  const MapperLog copied = parse_mapper_log(
      "\x1b[32mINFO\x1b[0m FPS=30.93, latency = 32328.6 us   (see ./main_graph_subgraph_0.html)\n"
      "  =====================================\n"
      "  Node         ON   Subgraph  Type\n"
      "  ----------\n"
      "  \x1b[1mconv1\x1b[0m        BPU  id(0)     HzSQuantizedConv\n"
      "  ... ...\n"
      "  conv3_1/sep  CPU  --        Conv\n"
      "  ...\n",
      "a.log");
  ASSERT_EQ(copied.nodes.size(), 2U);
  EXPECT_EQ(copied.nodes[0].name, "conv1");
  EXPECT_EQ(copied.nodes[0].type, "HzSQuantizedConv");
  EXPECT_EQ(copied.nodes[1].on, "CPU");
  EXPECT_EQ(copied.subgraphs.at(0).latency_us, 32328.6);
}

TEST(MapperLog, SaysWhatItIsNot) {
  EXPECT_NE(
      testing::error_of([] { parse_mapper_log("nothing\n", "a.log"); }).find("a.log: has no table of nodes"),
      std::string::npos);
  EXPECT_NE(testing::error_of([] {
              parse_mapper_log("Node ON Subgraph Type\nsomething else that is here\n", "a.log");
            }).find("a.log:2: expected a row"),
            std::string::npos);
}

// Of the four that have a row here: three on the same side; thresholds 1, 2 and 1 times the tool's.
TEST(MapperLog, IsComparedWith) {
  const std::string text = text_against(run(), parse_mapper_log(kLog, "a.log"));
  EXPECT_NE(text.find("5 nodes, 4 of them here by name, 0 as part of another"), std::string::npos) << text;
  EXPECT_NE(text.find("only in the log: HzRequantize\n"), std::string::npos) << text;
  EXPECT_NE(text.find("only here: none"), std::string::npos) << text;
  EXPECT_NE(text.find("Placement: 3 of 4"), std::string::npos) << text;
  EXPECT_NE(text.find("median 1.000, 2 of 3 within 10 %"), std::string::npos) << text;
  EXPECT_NE(text.find("apart by 0.000000 in the median, 0.005000 at most"), std::string::npos) << text;
  EXPECT_NE(text.find("0.500"), std::string::npos) << text;  // 2000 us over 4000
  EXPECT_NE(text.find("1.500"), std::string::npos) << text;  // 1500 bytes over 1000
}

// What is printed can be read as a log, and agrees with itself.
TEST(MapperTable, IsOneOfTheToolsOwn) {
  RunResult result = run();
  result.nodes[3].on = Side::Cpu;
  result.cycles += 500000;  // of the CPU, of which the tools say nothing
  const std::string table = mapper_table(result);
  EXPECT_NE(table.find("FPS=500.00, latency = 2000.0 us, DDR = 1500 bytes"), std::string::npos) << table;
  const MapperLog log = parse_mapper_log(table, "own");
  ASSERT_EQ(log.nodes.size(), 4u);
  EXPECT_EQ(log.nodes[3].subgraph, "--");
  EXPECT_EQ(log.nodes[1].name, "conv one");
  const std::string text = text_against(result, log);
  EXPECT_NE(text.find("2000.0  2000.0  1.000"), std::string::npos) << text;
  EXPECT_NE(text.find("Placement: 4 of 4"), std::string::npos) << text;
  EXPECT_NE(text.find("median 1.000, 4 of 4 within 10 %"), std::string::npos) << text;
}

}  // namespace
}  // namespace bpusim
