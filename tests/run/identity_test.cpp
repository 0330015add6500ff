// Results say how they were made: the same bytes for the same inputs, another identity for others.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/config/sha256.h"
#include "sim/report/identity_text.h"
#include "sim/report/report.h"
#include "sim/result/version.h"
#include "sim/run/simulate.h"
#include "tests/network/npz_archive.h"
#include "tests/network/onnx_files.h"

namespace bpusim {
namespace {

constexpr const char* kRun =
    "seed: 7\nset: {reduction.lanes: 32}\noperators:\n  - {op: LayerNormalization, shape: [4, 64]}\n";

class IdentityOfRun : public ::testing::Test {
 protected:
  IdentityOfRun() { folder_.write("run.yaml", kRun); }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  RunResult run(const Overrides& overrides = {}, const std::string& file = "run.yaml") const {
    RunResult result = simulate(resolve(path(file), overrides));
    result.wall_seconds = 1;
    return result;
  }

  const testing::TemporaryFolder folder_;
};

const MachineParameter& parameter(const RunResult& result, const std::string& key) {
  for (const MachineParameter& each : result.identity.parameters)
    if (each.key == key) return each;
  throw std::logic_error("no parameter " + key);
}

TEST_F(IdentityOfRun, NamesFilesWithTheirHashesMachinePolicyAndSeed) {
  const Identity identity = run().identity;
  EXPECT_EQ(identity.version, version());
  EXPECT_EQ(identity.run_file->path, path("run.yaml"));
  EXPECT_EQ(identity.run_file->sha256, sha256(kRun));
  EXPECT_FALSE(identity.model);
  EXPECT_EQ(identity.machine, "generic");
  EXPECT_EQ(identity.policy, "full");
  EXPECT_EQ(identity.machine_sha256->size(), 64U);
  EXPECT_NE(*identity.machine_sha256, *identity.policy_sha256);
  EXPECT_EQ(identity.seed, 7);
  EXPECT_TRUE(identity.options.function);
  EXPECT_EQ(identity.options.inputs, (std::vector<std::string>{"LayerNormalization.x 4x64"}));
  EXPECT_TRUE(identity.files.empty());
}

TEST_F(IdentityOfRun, SaysWhoSetEachParameter) {
  Overrides overrides;
  overrides.settings = {"mac.rows=16"};
  const RunResult result = run(overrides);
  EXPECT_EQ(parameter(result, "reduction.lanes").by, SetBy::RunFile);
  EXPECT_EQ(to_text(parameter(result, "reduction.lanes").value), "32");
  EXPECT_EQ(parameter(result, "mac.rows").by, SetBy::Command);
  EXPECT_EQ(to_text(parameter(result, "mac.rows").value), "16");
  EXPECT_EQ(parameter(result, "mac.cols").by, SetBy::Preset);
  EXPECT_EQ(parameter(result, "sram.bytes").unit, "bytes");
  overrides.machine = std::string(BPUSIM_SOURCE_DIR) + "/configs/machines/rdk-x5.yaml";
  EXPECT_EQ(parameter(run(overrides), "mac.cols").by, SetBy::File);
  // What a program put together names no file.
  const Scenario scenario = {resolve(path("run.yaml")).run, MachineParams(), Policy::read("full")};
  EXPECT_EQ(parameter(simulate(scenario), "mac.cols").by, SetBy::Program);
}

// A command line's setting counts where the run file has the same key.
TEST_F(IdentityOfRun, TheCommandLinesSettingIsTheOneThatHolds) {
  Overrides overrides;
  overrides.settings = {"reduction.lanes=128"};
  const RunResult result = run(overrides);
  EXPECT_EQ(parameter(result, "reduction.lanes").by, SetBy::Command);
  EXPECT_EQ(to_text(parameter(result, "reduction.lanes").value), "128");
}

TEST_F(IdentityOfRun, TheSameInputsGiveTheSameBytes) {
  const std::string once = json_report(run()), again = json_report(run());
  EXPECT_EQ(once, again);
  // Who made them, and how long it took, is in `host` alone.
  RunResult other = run();
  other.wall_seconds = 2;
  other.making = {"bpusim run elsewhere", "2026-03-01T12:00:00Z"};
  auto a = nlohmann::ordered_json::parse(once), b = nlohmann::ordered_json::parse(json_report(other));
  EXPECT_NE(a["host"], b["host"]);
  EXPECT_EQ(b["host"]["command"], "bpusim run elsewhere");
  a.erase("host");
  b.erase("host");
  EXPECT_EQ(a.dump(), b.dump());
}

// Weights outside of the model are read when they are needed, and samples while the run calibrates.
TEST_F(IdentityOfRun, HasSamplesAndExternalDataThatTheRunReads) {
  testing::Model model(13, 8);
  auto& weight = *model.graph().add_initializer();
  weight.set_name("w");
  weight.set_data_type(onnx::TensorProto::FLOAT);
  weight.add_dims(64);
  weight.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& location = *weight.add_external_data();
  location.set_key("location");
  location.set_value("weights.bin");
  model.input("x", {1, 64});
  model.node("Add", {"x", "w"}, {"y"}, "add");
  model.output("y", {1, 64});
  const std::string bytes(256, '\0'), sample = testing::npy("<f4", "False", "1, 64", std::string(256, '\0'));
  folder_.write("m.onnx", model.bytes());
  folder_.write("weights.bin", bytes);
  folder_.write("sample.npy", sample);
  Overrides overrides;
  overrides.samples = {path("sample.npy")};
  const Identity identity = run(overrides, "m.onnx").identity;
  EXPECT_FALSE(identity.run_file);
  EXPECT_EQ(identity.model->path, path("m.onnx"));
  EXPECT_EQ(identity.model->sha256, sha256(model.bytes()));
  ASSERT_EQ(identity.files.size(), 2U);
  EXPECT_EQ(identity.files[0].path, path("sample.npy"));
  EXPECT_EQ(identity.files[0].sha256, sha256(sample));
  EXPECT_EQ(identity.files[1].path, path("weights.bin"));
  EXPECT_EQ(identity.files[1].sha256, sha256(bytes));
  EXPECT_EQ(identity.options.samples, overrides.samples);
}

TEST_F(IdentityOfRun, TextsHeadIsShortAndHasWhatWasChanged) {
  Overrides overrides;
  overrides.settings = {"mac.rows=16"};
  const RunResult result = run(overrides);
  const std::string head = identity_text(result.identity, {"bpusim run run.yaml", ""}, 80);
  EXPECT_LE(std::count(head.begin(), head.end(), '\n'), 5);
  for (const std::string& part :
       {std::string("bpusim ") + version(), "machine generic " + short_hash(*result.identity.machine_sha256),
        std::string("mac.rows=16, reduction.lanes=32"),
        "policy full " + short_hash(*result.identity.policy_sha256),
        std::string("run.yaml " + sha256(kRun).substr(0, 8)), std::string("seed 7"),
        std::string("bpusim run run.yaml")}) {
    std::string flat = head;
    for (std::size_t at = 0; (at = flat.find("\n  ", at)) != std::string::npos;) flat.replace(at, 3, " ");
    EXPECT_NE(flat.find(part), std::string::npos) << part << "\n" << head;
  }
  EXPECT_NE(text_report(result).find(head.substr(0, 30)), std::string::npos);
}

TEST_F(IdentityOfRun, CheckHasItToo) {
  const auto json = nlohmann::json::parse(json_placement(check(resolve(path("run.yaml")))));
  EXPECT_EQ(json["identity"]["run_file"]["sha256"], sha256(kRun));
  EXPECT_EQ(json["identity"]["options"]["function"], false);
}

}  // namespace
}  // namespace bpusim
