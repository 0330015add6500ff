// The JSON Schemas of results, against documents that the same program writes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/report/compare.h"
#include "sim/report/conformance_report.h"
#include "sim/report/reference.h"
#include "sim/report/report.h"

namespace bpusim {
namespace {

// Keys of a schema's objects against those of a document, all the way down.
void expect_keys(const nlohmann::json& schema, const nlohmann::json& value, const std::string& path) {
  if (value.is_array() && !value.empty()) expect_keys(schema["items"], value[0], path + "[]");
  if (!value.is_object()) return;
  EXPECT_EQ(schema["properties"].size(), value.size()) << path;
  EXPECT_EQ(schema["required"].size(), value.size()) << path;
  for (const auto& [key, inner] : value.items()) {
    ASSERT_TRUE(schema["properties"].contains(key)) << path << "." << key;
    expect_keys(schema["properties"][key], inner, path + "." + key);
  }
}

TEST(Schema, HasTheKeysOfTheJson) {
  const auto schema = [](const char* of) { return nlohmann::json::parse(result_schema(of)); };
  RunResult run;
  run.clock_mhz = 1000;
  run.engines.resize(1);
  run.nodes.resize(1);
  run.nodes[0].accuracy.emplace();
  run.outputs.resize(1);
  run.quantised.emplace().search.emplace();
  run.quantised->sensitivity.resize(1);
  run.advice.resize(1);
  run.identity.model = run.identity.run_file = NamedFile{};
  run.identity.parameters.resize(1);
  run.identity.files.resize(1);
  expect_keys(schema("run"), nlohmann::json::parse(json_report(run)), "run");
  expect_keys(schema("compare"),
              nlohmann::json::parse(json_comparison({compared_run(run), compared_run(run)})), "compare");
  expect_keys(schema("check"),
              nlohmann::json::parse(json_placement({"", "", "", {PlacedNode{}}, run.advice, {}})), "check");
  expect_keys(schema("conformance"), nlohmann::json::parse(json_conformance({ConformanceCase{}})),
              "conformance");
  EXPECT_THROW(result_schema("cost"), std::logic_error);
}

TEST(Schema, NullOnlyWhereAFigureMayBeAbsentOrNoNumber) {
  const auto run = nlohmann::json::parse(result_schema("run"))["properties"];
  const auto node = run["nodes"]["items"]["properties"];
  EXPECT_EQ(node["time_ms"]["type"], "number");
  EXPECT_EQ(node["accuracy"]["type"], (std::vector<std::string>{"object", "null"}));
  EXPECT_EQ(node["accuracy"]["properties"]["cosine"]["type"], (std::vector<std::string>{"number", "null"}));
  EXPECT_EQ(run["quantisation"]["properties"]["search"]["type"],
            (std::vector<std::string>{"object", "null"}));
  EXPECT_EQ(run["quantisation"]["properties"]["search"]["properties"]["goal"]["type"], "number");
  EXPECT_EQ(node["on"]["enum"], (std::vector<std::string>{"BPU", "CPU"}));
}

}  // namespace
}  // namespace bpusim
