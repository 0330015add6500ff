// Runs side by side: what tells them apart, what differs, and results that are read again.
#include "sim/report/compare.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/input_error.h"
#include "sim/report/report.h"
#include "sim/report/run_labels.h"
#include "sim/report/text_layout.h"

namespace bpusim {
namespace {

// A run of two nodes that takes 3 us, with an identity.
RunResult base() {
  RunResult run;
  run.name = "net";
  run.machine = "rdk-x5";
  run.policy = "full";
  run.clock_mhz = 1000;
  for (const char* name : {"conv", "norm"}) {
    NodeResult node;
    node.name = name;
    node.op = name == std::string("conv") ? "Conv" : "InstanceNormalization";
    node.cycles = run.nodes.empty() ? 1000 : 2000;
    node.time_ms = static_cast<double>(node.cycles) / 1e6;
    node.dram_read_bytes = 100;
    node.accuracy.emplace().cosine = 0.99;
    node.output = !run.nodes.empty();
    run.nodes.push_back(node);
    run.cycles += node.cycles;
  }
  Identity& identity = run.identity;
  identity.version = "0.1.0";
  identity.model = NamedFile{"nets/net.onnx", std::string(64, 'a')};
  identity.machine = "rdk-x5";
  identity.machine_sha256 = std::string(64, 'b');
  identity.policy = "full";
  identity.policy_sha256 = std::string(64, 'c');
  identity.parameters = {{"mac.rows", std::int64_t{32}, "", SetBy::Preset},
                         {"dram.clock_ns", 0.625, "ns", SetBy::Preset}};
  identity.options.quantisation = "symmetric";
  identity.options.inputs = {"x 1x3x8x8"};
  return run;
}

std::vector<ComparedRun> with(const std::vector<RunResult>& others) {
  std::vector<ComparedRun> runs = {compared_run(base())};
  for (const RunResult& run : others) runs.push_back(compared_run(run));
  return runs;
}

std::vector<std::string> labels(const RunResult& other) {
  return run_labels(with({other}));
}

using Labels = std::vector<std::string>;

TEST(RunLabels, AreWhatDiffers) {
  RunResult machine = base(), policy = base(), model = base(), set = base(), option = base(), seed = base();
  machine.identity.machine = "s100";
  machine.identity.machine_sha256 = std::string(64, '1');
  machine.identity.parameters[0].value = std::int64_t{64};  // of the other machine, nobody's choice
  EXPECT_EQ(labels(machine), (Labels{"rdk-x5", "s100"}));
  policy.identity.policy = "bayes-e";
  policy.identity.policy_sha256 = std::string(64, '2');
  EXPECT_EQ(labels(policy), (Labels{"full", "bayes-e"}));
  model.identity.model = NamedFile{"nets/other.onnx", std::string(64, '3')};
  EXPECT_EQ(labels(model), (Labels{"net.onnx", "other.onnx"}));
  set.identity.parameters[0] = {"mac.rows", std::int64_t{16}, "", SetBy::Command};
  EXPECT_EQ(labels(set), (Labels{"mac.rows=32", "mac.rows=16"}));
  option.identity.options.int16 = {"norm", "conv"};
  EXPECT_EQ(labels(option), (Labels{"int16=-", "int16=norm,conv"}));
  seed.identity.seed = 3;
  EXPECT_EQ(labels(seed), (Labels{"seed=0", "seed=3"}));
}

TEST(RunLabels, SeveralDifferencesStandTogether) {
  RunResult other = base();
  other.identity.machine = "s100";
  other.identity.machine_sha256 = std::string(64, '1');
  other.identity.parameters[0] = {"mac.rows", std::int64_t{16}, "", SetBy::Command};
  EXPECT_EQ(labels(other), (Labels{"rdk-x5, mac.rows=32", "s100, mac.rows=16"}));
}

TEST(RunLabels, FilesAreTheSameByTheirBytesAndTellApartByTheirHashes) {
  RunResult same = base(), changed = base();
  same.identity.model->path = "elsewhere/copy.onnx";
  EXPECT_EQ(labels(same), (Labels{"a", "b"}));
  changed.identity.model->sha256 = std::string(64, '9');
  EXPECT_EQ(labels(changed), (Labels{"net.onnx aaaaaaaa", "net.onnx 99999999"}));
}

// Another file changes what follows from it; that names a run where nothing else does.
TEST(RunLabels, WhatFollowsIsNamedOnlyWhereNothingElseDiffers) {
  RunResult other = base(), shapes = base(), version = base();
  other.identity.model = NamedFile{"other.onnx", std::string(64, '3')};
  other.identity.options.inputs = {"y 1x5"};
  EXPECT_EQ(labels(other), (Labels{"net.onnx", "other.onnx"}));
  shapes.identity.options.inputs = {"x 2x3x8x8"};
  EXPECT_EQ(labels(shapes), (Labels{"inputs=x 1x3x8x8", "inputs=x 2x3x8x8"}));
  version.identity.version = "0.2.0";
  EXPECT_EQ(labels(version), (Labels{"0.1.0", "0.2.0"}));
  EXPECT_EQ(labels(base()), (Labels{"a", "b"}));
  // The letter says which of two that are alike among three.
  other.identity.version = base().identity.version;
  EXPECT_EQ(run_labels(with({other, other})),
            (Labels{"a: net.onnx, inputs=x 1x3x8x8", "b: other.onnx, inputs=y 1x5",
                    "c: other.onnx, inputs=y 1x5"}));
}

TEST(RunLabels, LettersGoOnBehindZ) {
  EXPECT_EQ(run_letter(0), "a");
  EXPECT_EQ(run_letter(25), "z");
  EXPECT_EQ(run_letter(26), "aa");
  EXPECT_EQ(run_letter(27), "ab");
}

// Three runs: the norm is faster in the second, and not there in the third.
std::vector<ComparedRun> three_runs() {
  RunResult b = base(), c = base();
  b.identity.policy = "bayes-e";
  b.identity.policy_sha256 = std::string(64, '2');
  b.nodes[1].time_ms = 0.001;
  b.nodes[1].on = Side::Cpu;
  b.cycles = 2000;
  c.identity.policy = "nash";
  c.identity.policy_sha256 = std::string(64, '4');
  c.nodes.pop_back();
  c.cycles = 1000;
  return with({b, c});
}

TEST(Compare, JsonHasARowForEachNodeAndRun) {
  const auto json = nlohmann::json::parse(json_comparison(three_runs()));
  ASSERT_EQ(json["runs"].size(), 3U);
  EXPECT_EQ(json["runs"][1]["label"], "bayes-e");
  EXPECT_NEAR(json["runs"][1]["difference_percent"], -100.0 / 3, 1e-9);  // 2 of 3 us
  ASSERT_EQ(json["nodes"].size(), 6U);
  // The norm differs most: 2 us, 1 us, none.
  const auto& nodes = json["nodes"];
  EXPECT_EQ(nodes[0]["name"], "norm");
  EXPECT_EQ(nodes[1]["run"], "b");
  EXPECT_EQ(nodes[1]["on"], "CPU");
  EXPECT_NEAR(nodes[1]["difference_ms"], -0.001, 1e-12);
  EXPECT_NEAR(nodes[1]["difference_percent"], -50, 1e-9);
  EXPECT_TRUE(nodes[2]["on"].is_null());
  EXPECT_TRUE(nodes[2]["time_ms"].is_null());
  EXPECT_NEAR(nodes[2]["difference_ms"], -0.002, 1e-12);
  // What all share has one row without a run.
  int shared = 0, own = 0;
  for (const auto& row : json["identity"]) {
    if (row["key"] == "model") shared += row["run"].is_null() ? 1 : 0;
    if (row["key"] == "policy") own += row["run"].is_null() ? 0 : 1;
  }
  EXPECT_EQ(shared, 1);
  EXPECT_EQ(own, 3);
}

TEST(Compare, TextSaysWhatIsSharedOnceAndWhatOneRunAloneHas) {
  const std::string text = text_comparison(three_runs());
  const auto has = [&](const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  };
  has("all: bpusim 0.1.0, model net.onnx aaaaaaaa, machine rdk-x5 bbbbbbbb, seed 0");
  has("b: policy bayes-e 22222222");
  has("Only in a, b: 1 node: norm");
  has("BPU>CPU>-");
  EXPECT_EQ(text.find("nan"), std::string::npos);
}

TEST(Compare, TwoRunsFitEightyColumns) {
  RunResult a = base(), b = base();
  for (RunResult* run : {&a, &b})
    for (NodeResult& node : run->nodes)
      node.name = "/backbone/" + std::string(100, 'n') + "/" + node.op + "_" + node.name;
  b.identity.policy = "bayes-e";
  b.identity.policy_sha256 = std::string(64, '2');
  b.identity.options.int16 = Labels(30, "some_node_name");
  const std::string text = text_comparison({compared_run(a), compared_run(b)});
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    EXPECT_LE(width_of(text.substr(from, end - from)), 80U) << text.substr(from, end - from);
    from = end + 1;
  }
  EXPECT_NE(text.find("Difference"), std::string::npos);
}

// A result that was written is the result that was in memory.
TEST(StoredRun, ComparesAsTheRunItself) {
  RunResult run = base();
  run.identity.files = {{"x.npy", std::string(64, 'd')}};
  run.identity.options.int16_below = 0.1 + 0.2;
  run.nodes[0].accuracy.reset();
  run.nodes[0].name = "caf\xC3\xA9 \"quoted\"\n";
  ComparedRun stored = stored_run(json_report(run), "a.json");
  EXPECT_EQ(stored.source, "a.json");
  stored.source.clear();
  const ComparedRun direct = compared_run(run);
  EXPECT_EQ(json_comparison({stored, stored}), json_comparison({direct, direct}));
  EXPECT_EQ(csv_comparison({stored, direct}), csv_comparison({direct, stored}));
}

std::string refusal(const std::string& text) {
  try {
    stored_run(text, "a.json");
  } catch (const InputError& error) {
    return error.lines().at(0);
  }
  return "taken";
}

std::string changed(const std::string& pointer, const nlohmann::ordered_json& value) {
  auto json = nlohmann::ordered_json::parse(json_report(base()));
  json[nlohmann::ordered_json::json_pointer(pointer)] = value;
  return refusal(json.dump(2));
}

TEST(StoredRun, WhatIsDamagedIsRefusedWithItsPlace) {
  EXPECT_EQ(changed("/nodes/1/time_ms", "soon"), "a.json: nodes[1].time_ms: expected a number, got \"soon\"");
  EXPECT_EQ(changed("/nodes/1/time_ms", nullptr), "a.json: nodes[1].time_ms: expected a number, got null");
  EXPECT_EQ(changed("/total/cycles", 1.5),
            "a.json: total.cycles: expected a whole number of at most 63 bits, got 1.5");
  EXPECT_EQ(changed("/total/cycles", 18446744073709551615U),
            "a.json: total.cycles: expected a whole number of at most 63 bits, got 18446744073709551615");
  EXPECT_EQ(changed("/nodes/0/on", "GPU"), "a.json: nodes[0].on: 'GPU' is none of BPU, CPU");
  EXPECT_EQ(changed("/nodes", 3), "a.json: nodes: expected a list of objects, got 3");
  EXPECT_EQ(changed("/nodes/0", {1, 2}), "a.json: nodes[0]: expected an object, got a list");
  EXPECT_EQ(changed("/nodes/0/fused", {"a", 2}), "a.json: nodes[0].fused[1]: expected texts, got 2");
  EXPECT_EQ(changed("/identity/model", "m"), "a.json: identity.model: expected an object, got \"m\"");
  EXPECT_EQ(changed("/identity/parameters/0/value", {1}),
            "a.json: identity.parameters[0].value: expected a number, a text, true or false, got a list");
  EXPECT_EQ(changed("/total/cylces", 1), "a.json: total: unknown key 'cylces', did you mean 'cycles'?");
  EXPECT_EQ(changed("/nodes/0/time_ms", nlohmann::ordered_json::object()),
            "a.json: nodes[0].time_ms: expected a number, got an object");
  auto less = nlohmann::ordered_json::parse(json_report(base()));
  less["total"].erase("cycles");
  EXPECT_EQ(refusal(less.dump()), "a.json: total: the key 'cycles' is missing");
}

TEST(StoredRun, WhatIsNoJsonIsRefusedWithLineAndColumn) {
  const std::string whole = json_report(base());
  EXPECT_EQ(refusal("{\n  \"schema\": oops}"),
            "a.json:2:13: not valid JSON from here on: is the file cut off, or changed by hand?");
  EXPECT_NE(refusal(""), "taken");
  for (std::size_t size = 0; size < whole.size() - 1; size += 97)
    EXPECT_NE(refusal(whole.substr(0, size)), "taken") << size;
  EXPECT_EQ(refusal("{\"schema\": 1e999}"), "a.json: not valid JSON: it holds a number that is too large");
  EXPECT_NE(refusal(std::string(1000000, '[')).find("not valid JSON"), std::string::npos);
  EXPECT_EQ(refusal(std::string(100000, '[') + std::string(100000, ']')),
            "a.json: expected an object, got a list");
  EXPECT_EQ(refusal("{\"schema\": \"x\", \"schema\": \"y\"}"),
            "a.json: the key 'schema' is there twice in one object");
  EXPECT_NE(refusal("{\"a\": \"\xFF\"}").find("a.json:1:8: not valid JSON"), std::string::npos);
}

TEST(StoredRun, OfAnotherCommandOrVersionIsRefused) {
  EXPECT_EQ(refusal("{}"), "a.json: no result of bpusim: it names no schema");
  EXPECT_EQ(refusal("{\"schema\": 7}"), "a.json: no result of bpusim: it names no schema");
  const std::string old = refusal("{\"schema\": \"bpusim-run-1\"}");
  EXPECT_EQ(old.find("a.json: is 'bpusim-run-1', and 'bpusim-run-2' is what is read here"), 0U) << old;
  EXPECT_EQ(refusal(json_placement({})).find("a.json: is 'bpusim-check-2'"), 0U);
}

// Bytes that are changed, dropped or doubled: each is read, or refused with a line; nothing else.
TEST(StoredRun, DamageAnywhereIsReadOrRefused) {
  const std::string whole = json_report(base());
  constexpr const char* kBytes = "{}[]\",:0-e.nt\\\x01\xC3";
  std::size_t at = 1, refused = 0;
  for (int round = 0; round < 600; ++round) {
    at = (at * 7919 + 104729) % whole.size();
    std::string text = whole;
    if (round % 3 == 0)
      text[at] = kBytes[static_cast<std::size_t>(round) % 16];
    else if (round % 3 == 1)
      text.erase(at, 1 + at % 40);
    else
      text.insert(at, whole.substr(at / 2, 1 + at % 60));
    const std::string said = refusal(text);
    if (said == "taken") continue;
    ++refused;
    EXPECT_EQ(said.rfind("a.json:", 0), 0U) << said;
  }
  EXPECT_GT(refused, 300U);
}

}  // namespace
}  // namespace bpusim
