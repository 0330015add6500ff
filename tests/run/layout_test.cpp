// What the printed reports look like: in the width that there is, with the columns that are worth it, in
// words.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/report/advice_list.h"
#include "sim/report/conformance_report.h"
#include "sim/report/mapper_log.h"
#include "sim/report/report.h"
#include "sim/report/text_table.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

const std::vector<std::size_t> kWidths = {80, 120, 200};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void expect_within(const std::string& text, std::size_t width) {
  for (const std::string& line : lines_of(text)) EXPECT_LE(width_of(line), width) << line;
}

// The line that begins so.
std::string line_with(const std::string& text, const std::string& begin) {
  for (const std::string& line : lines_of(text))
    if (line.rfind(begin, 0) == 0) return line;
  return "";
}

TextStyle style_of(std::size_t width) {
  TextStyle style;
  style.width = width;
  return style;
}

// Nodes with the names that exporters give, and everything that a report may have.
RunResult long_names() {
  RunResult r;
  r.name = "a_model_with_a_long_name";
  r.machine = "generic";
  r.policy = "full";
  r.clock_mhz = 1000;
  r.wall_seconds = 1;
  const std::string path = "/backbone/stages.3/blocks.17/attention/projection/quantised/output_dense_linear/";
  for (int n = 0; n < 60; ++n) {
    NodeResult node;
    node.name = path + "Node_" + std::to_string(n);
    node.op = n % 2 == 0 ? "Conv+BatchNormalization+HardSwish+Add+Relu" : "InstanceNormalization";
    node.on = n % 7 == 0 ? Side::Cpu : Side::Bpu;
    node.bound = node.on_cpu() ? Bound::Host : Bound::DmaStore;
    node.mapping = node.on_cpu() ? "host" : "mac_channels";
    node.reason =
        "the list does not name it, and a reason that goes on for longer than a line has room for it";
    node.segment = n + 1;
    node.shape = "1x1024x56x56";
    node.cycles = 1234567890 + n;
    node.time_ms = r.time_ms(node.cycles);
    node.macs = 1234567890123;
    node.dram_read_bytes = 1234567890;
    node.causes = {10, 0, 0, 30, 0, 0, 60};
    node.fused = {path + "fused_one", path + "fused_two"};
    node.accuracy.emplace();
    node.in_type = node.out_type = "int8";
    node.output = n == 59;
    r.cycles += node.cycles;
    r.nodes.push_back(node);
  }
  r.engines.resize(2);
  r.engines[0].name = "core0.dma_load_with_a_long_name";
  r.engines[0].unit = "dma_load";
  r.engines[0].commands = 1;
  r.engines[0].cycles = {r.cycles / 4, 0, 0, r.cycles / 2, 0, 0, r.cycles / 4};
  r.engines[1].unit = "host";  // that had nothing to do
  r.engines[1].cycles[static_cast<std::size_t>(Cause::QueueEmpty)] = r.cycles;
  r.warnings = {r.nodes[0].name + ": its results hold infinity or NaN"};
  r.notes = {
      "a note that is as long as notes are, with more words than a line of eighty columns has room for"};
  Quantised& q = r.quantised.emplace();
  q.drawn_inputs = true;
  q.method = "max";
  q.int16 = {r.nodes[1].name, r.nodes[2].name};
  q.sensitivity.push_back(
      {r.nodes[1].name, r.nodes[1].op, "int8", 0.5, 3.0, {}, {}, {Int8Remedy::AffineGrids}});
  OneElementAdvice one;
  one.op = "InstanceNormalization";
  r.advice.push_back({});
  r.advice[0].facts = one;
  r.advice[0].nodes = {r.nodes[1].name, r.nodes[3].name};
  return r;
}

CheckResult long_check() {
  CheckResult check{"net", "rdk-x5", "bayes-e", {}, {}, {"a note"}};
  for (const NodeResult& node : long_names().nodes)
    check.nodes.push_back(
        {node.name, node.op, node.shape, node.reason, "a list", node.on, node.segment, node.macs, 10});
  return check;
}

TEST(Layout, NoLineIsWiderThanTheText) {
  for (const std::size_t width : kWidths) {
    expect_within(text_report(long_names(), style_of(width)), width);
    TextStyle few = style_of(width);
    expect_within(text_placement(long_check(), few, {{"bpusim run net.onnx", "what it takes"}}), width);
    few.all_nodes = false;
    expect_within(text_report(long_names(), few), width);
    expect_within(text_placement(long_check(), few, {{"bpusim run net.onnx", "what it takes"}}), width);
    MapperLog log;
    for (const NodeResult& node : long_names().nodes)
      log.nodes.push_back({node.name, "CPU", "--", "Conv", "int8", 0.99, 1.0});
    expect_within(text_against(long_names(), log, style_of(width)), width);
    ConformanceCase failed{"test_" + std::string(90, 'x'),
                           "InstanceNormalization",
                           "differs by more than what is allowed, and says so at some length",
                           {},
                           0,
                           {}};
    failed.status = ConformanceCase::Status::Failed;
    expect_within(text_conformance({failed}, style_of(width)), width);
  }
}

TEST(Layout, RunFilesOfTheProjectFit) {
  std::size_t runs = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(BPUSIM_SOURCE_DIR) + "/configs/runs")) {
    Scenario scenario;
    try {
      scenario = resolve(file.path().string());
    } catch (const InputError&) {  // its model is not there
      continue;
    }
    ++runs;
    RunOptions options;
    options.what_if = true;
    const RunResult result = simulate(scenario, options);
    const CheckResult placed = check(scenario);
    for (const std::size_t width : kWidths) {
      expect_within(text_report(result, style_of(width)), width);
      expect_within(text_placement(placed, style_of(width)), width);
    }
  }
  EXPECT_GT(runs, 0U);
}

TEST(Layout, WithoutATerminalTextsHave120Columns) {
  EXPECT_EQ(TextStyle().width, 120U);
  std::size_t widest = 0;
  for (const std::string& line : lines_of(text_report(long_names())))
    widest = std::max(widest, width_of(line));
  EXPECT_GT(widest, 100U);
  EXPECT_LE(widest, 120U);
}

// 80 columns have what everybody looks for; each width more, and none less than the one before it.
TEST(Layout, ColumnsOfTheTableOfNodesFollowFromTheWidth) {
  const std::string at_80 = line_with(text_report(long_names(), style_of(80)), "Node  ");
  std::istringstream words(at_80);
  std::vector<std::string> titles;
  for (std::string word; words >> word;) titles.push_back(word);
  EXPECT_EQ(titles,
            (std::vector<std::string>{"Node", "ON", "Type", "Time", "ms", "Share", "%", "Bound", "Cosine"}));
  const std::string at_120 = line_with(text_report(long_names(), style_of(120)), "Node  ");
  for (const char* title : {"Shape", "SQNR dB"}) EXPECT_TRUE(has(at_120, title)) << at_120;
  const std::string at_200 = line_with(text_report(long_names(), style_of(200)), "Node  ");
  for (const char* title : {"Shape", "SQNR dB", "Cycles", "Roofline %", "Mapping", "DRAM read MiB"})
    EXPECT_TRUE(has(at_200, title)) << at_200;
}

TEST(Layout, WideHasAllColumnsAndWholeNames) {
  TextStyle style = style_of(80);
  style.wide = true;
  const std::string text = text_report(long_names(), style);
  const std::string titles = line_with(text, "Node  ");
  for (const char* title : {"Segment", "GMACs", "Busy %", "Waits for", "ideal dB", "Fused"})
    EXPECT_TRUE(has(titles, title)) << titles;
  EXPECT_TRUE(has(text, "\n" + long_names().nodes[1].name + "  "));
}

TEST(Layout, ColumnsAreChosenByTheirNames) {
  TextStyle style = style_of(80);
  style.columns = {"cycles", "name", "in_type", "engine_cycles.dram"};
  const std::string titles = line_with(text_report(long_names(), style), "       Cycles");
  std::istringstream words(titles);
  std::vector<std::string> list;
  for (std::string word; words >> word;) list.push_back(word);
  // In the order that was asked for; what says the same everywhere stays, and a column without a title has
  // its name.
  EXPECT_EQ(list, (std::vector<std::string>{"Cycles", "Node", "In", "engine_cycles.dram"}));
}

TEST(Layout, AWrongColumnIsAnErrorWithASuggestionAndTheList) {
  EXPECT_NO_THROW(check_node_columns({"name", "accuracy.cosine", "share", "busy", "waits_for"}));
  try {
    check_node_columns({"nmae", "time_ms"});
    FAIL() << "took a column that is none";
  } catch (const InputError& error) {
    ASSERT_EQ(error.lines().size(), 2U);
    EXPECT_EQ(error.lines()[0], "--columns: there is no column 'nmae', did you mean 'name'?");
    EXPECT_TRUE(has(error.lines()[1], "time_ms, share")) << error.lines()[1];
  }
}

// Without function there is no accuracy; all is one segment; nothing multiplies.
TEST(Layout, ColumnsThatSayNothingGo) {
  RunResult r = long_names();
  for (NodeResult& node : r.nodes) {
    node.accuracy.reset();
    node.segment = 1;
    node.macs = 0;
    node.fused.clear();
  }
  TextStyle style;
  style.wide = true;
  const std::string titles = line_with(text_report(r, style), "Node  ");
  for (const char* title : {"Cosine", "SQNR", "Segment", "MACs", "In", "Out", "Fused"})
    EXPECT_FALSE(has(titles, title)) << title << ": " << titles;
}

TEST(Layout, AColumnHasOneUnit) {
  RunResult r = long_names();
  r.nodes.resize(2);
  r.nodes[0].time_ms = 0.25;
  r.nodes[1].time_ms = 0.0000125;
  r.nodes[0].dram_write_bytes = 20 * 1024;
  r.nodes[1].dram_write_bytes = 1;
  TextStyle style;
  style.columns = {"time_ms", "dram_write_bytes"};
  const std::string text = text_report(r, style);
  EXPECT_TRUE(has(
      text,
      "Time us  DRAM write KiB\n-------  --------------\n  250.0            20.0\n   <0.1            <0.1\n"))
      << text;
}

TEST(Layout, TotalsSayTheRate) {
  RunResult r = long_names();
  r.nodes.resize(1);
  r.cycles = 2'000'000;  // 2 ms
  EXPECT_TRUE(has(text_report(r), "time              2.000 ms, 500.0 FPS (BPU")) << text_report(r);
}

TEST(Layout, ShortTimesAreMicroseconds) {
  RunResult r = long_names();
  r.cycles = 273;
  EXPECT_TRUE(has(text_report(r), "time              0.3 us, 3,663,004 FPS (BPU 0.0 us")) << text_report(r);
}

TEST(Layout, EnginesThatTookPartAreBusyAndWait) {
  const std::string text = text_report(long_names());
  EXPECT_TRUE(has(text, "engines busy      load 25.0 % of the run\n")) << text;
  EXPECT_TRUE(has(text, "they waited for   another engine 50.0 %\n")) << text;
}

TEST(Layout, PeopleAreToldWords) {
  TextStyle style;
  style.wide = true;
  const std::string text = text_report(long_names(), style) + text_placement(long_check(), style);
  for (const char* name : {"queue_empty", "sram_bank", "dma_store", "host", "ubgraph"})
    EXPECT_FALSE(has(text, name)) << name;
  TextStyle chosen = style;
  chosen.columns = {"bound", "waits_for", "mapping"};
  EXPECT_TRUE(has(text_report(long_names(), chosen), "\nstore  engine     mac_channels\n"))
      << text_report(long_names(), chosen);
}

// Whatever the grids come from, accuracy is measured on the run's own inputs.
TEST(Layout, RandomInputsAreSaidToBeRandom) {
  RunResult r = long_names();
  EXPECT_TRUE(has(text_report(r), ", on random inputs"));
  EXPECT_TRUE(has(text_report(r, style_of(400)),
                  "random inputs: accuracy shows what the arithmetic does, not what your model does on its "
                  "data; --calibrate"));
  r.quantised->source = DataSource::Samples;
  EXPECT_TRUE(
      has(text_report(r, style_of(400)), "grids are those of the samples, and `inputs` of the run file"));
  r.quantised->drawn_inputs = false;
  EXPECT_FALSE(has(text_report(r), "random"));
}

Advice timed(double won_ms) {
  Advice advice;
  DecomposedNormAdvice facts;
  facts.op = "Won" + std::to_string(won_ms);
  advice.facts = facts;
  advice.won_ms = won_ms;
  advice.what_if.emplace();
  return advice;
}

TEST(Layout, AdviceThatWinsNothingIsLeftOut) {
  const std::string text = advice_list({timed(12.5), timed(0.25), timed(0.0004), timed(0)}, 20, {});
  EXPECT_TRUE(has(text, "\n  12.500 ms  Won12.5")) << text;
  EXPECT_TRUE(has(text, "\n   0.250 ms  Won0.25")) << text;
  EXPECT_FALSE(has(text, "Won0.0004"));
  EXPECT_FALSE(has(text, "Won0.000000"));
  EXPECT_EQ(advice_list({}, 1, {}), "");
}

TEST(Layout, AdviceWithoutATimeIsPutTogether) {
  std::vector<Advice> advice(2);
  for (Advice& one : advice) one.nodes = {"a"};
  BatchNormUnfoldedAdvice input, kept;
  kept.because = BatchNormUnfoldedAdvice::Because::KeptApart;
  advice[0].facts = input;
  advice[1].facts = kept;
  const std::string text = advice_list(advice, 1, style_of(200));
  EXPECT_EQ(text.find("BatchNormalization stays"), text.rfind("BatchNormalization stays")) << text;
  EXPECT_TRUE(has(text, "  BatchNormalization stays an operator:\n  - the network's input feeds it")) << text;
  EXPECT_TRUE(has(text, "\n  - nothing is between it")) << text;
}

TEST(Layout, ACheckFoldsNodesOfOneReason) {
  TextStyle style = style_of(160);
  style.all_nodes = false;
  const std::string text = text_placement(long_check(), style, {{"bpusim run net.onnx", "what it takes"}});
  EXPECT_TRUE(has(text, "net on rdk-x5, policy bayes-e\n")) << text;
  EXPECT_TRUE(has(text, "nodes             60: 51 on the BPU, 9 on the CPU, in 60 segments\n")) << text;
  EXPECT_TRUE(has(text, "parameters        600\n")) << text;
  EXPECT_TRUE(has(text, "GMACs of them on the CPU")) << text;
  EXPECT_TRUE(has(text, "\n    9  CPU  ")) << text;
  EXPECT_TRUE(has(text, "\n   51  BPU  ")) << text;
  EXPECT_LT(text.find("\n    9  CPU  "), text.find("\n   51  BPU  "));  // what needs an eye comes first
  EXPECT_TRUE(has(text, "Source where none is given: a list\n")) << text;
  EXPECT_TRUE(has(text, "The first 20 of 60; --nodes prints all.")) << text;
  EXPECT_TRUE(has(text, "What next\n  what it takes:\n    bpusim run net.onnx\n")) << text;
  style.all_nodes = true;
  EXPECT_TRUE(has(text_placement(long_check(), style), "\nNode "));
}

TEST(Layout, WrappedCommandsAreStillOneToAShell) {
  const CheckResult check = long_check();
  const std::string line =
      "bpusim run a_network_with_a_name.onnx --machine rdk-x5 --policy full --set sram.bytes=4MiB";
  const std::string text = text_placement(check, style_of(80), {{line, "what it takes"}});
  EXPECT_TRUE(has(text,
                  "    bpusim run a_network_with_a_name.onnx --machine rdk-x5 --policy full \\\n"
                  "      --set sram.bytes=4MiB\n"))
      << text;
  for (const std::string& kept :
       {std::string("bpusim run ") + std::string(90, 'x') + ".onnx",
        std::string("bpusim run 'a b.onnx' --machine rdk-x5 --policy full --set sram.bytes=4MiB --dim n=1")})
    EXPECT_TRUE(has(text_placement(check, style_of(80), {{kept, "what"}}), "    " + kept + "\n"));
}

TEST(Layout, NodesOfWhichNothingRunsAreCountedApart) {
  CheckResult check = long_check();
  check.nodes.resize(3);
  check.nodes[1].segment = 0;
  const std::string text = text_placement(check, style_of(160));
  EXPECT_TRUE(has(
      text, "nodes             2: 1 on the BPU, 1 on the CPU, in 2 segments; 1 more only changes a shape\n"))
      << text;
}

// What a check counts before anything is lowered is what the run counts.
TEST(Layout, ACheckCountsWhatTheRunCounts) {
  const RunSpec spec = parse_run(
      "operators:\n"
      "  - {name: net, op: Conv, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu, "
      "InstanceNormalization]}\n"
      "  - {name: up, op: Conv, shape: [1, 8, 12, 12], out_channels: 8, attributes: {group: 2, strides: [2, "
      "2]}}\n",
      "test.yaml", "");
  const Scenario scenario{spec, read_machine("rdk-x5"), Policy::read("bayes-e")};
  const RunResult run = simulate(scenario, RunOptions::timing());
  const CheckResult placed = check(scenario);
  ASSERT_EQ(placed.nodes.size(), run.nodes.size());
  for (std::size_t n = 0; n < run.nodes.size(); ++n) {
    EXPECT_EQ(placed.nodes[n].name, run.nodes[n].name);
    EXPECT_EQ(placed.nodes[n].macs, run.nodes[n].macs);
    EXPECT_EQ(placed.nodes[n].segment, run.nodes[n].segment);
  }
  EXPECT_EQ(placed.machine, "rdk-x5");
  EXPECT_EQ(placed.policy, "bayes-e");
  // 16 * 8 * 3 * 3 weights, a bias where there is one, and four numbers a channel of the BatchNormalization.
  EXPECT_GE(placed.nodes[0].parameters, 16 * 8 * 9 + 4 * 16);
}

}  // namespace
}  // namespace bpusim
