// Where int8 and int16 meet, a step of the BPU requantises: nothing is refused that could run.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/input_error.h"
#include "sim/plan/placed_network.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::number;

// The rows of a run with function, which takes the cycles of one without.
std::map<std::string, NodeResult> rows_of(const Builder& network, const std::vector<std::string>& int16,
                                          const std::string& policy = "full") {
  RunSpec spec = network.spec();
  spec.int16 = int16;
  const Scenario scenario{spec, read_machine("generic"), Policy::read(policy)};
  const RunResult with = simulate(scenario, {});
  EXPECT_EQ(with.cycles, simulate(scenario, RunOptions::timing()).cycles);
  EXPECT_EQ(with.warnings, std::vector<std::string>{});
  std::map<std::string, NodeResult> rows;
  for (const NodeResult& row : with.nodes) rows[row.name] = row;
  return rows;
}

std::string types(const NodeResult& row) {
  return row.in_type + " " + row.out_type;
}

// A function that jumps has no table over int16: it reads int8.
TEST(Requantise, InFrontOfWhatTakesInt8Only) {
  Builder b;
  const std::string x = b.input({2, 3, 8, 8}), y = b.add("Relu", {x});
  b.end("Round", {y});
  b.end("Sigmoid", {y});
  const auto rows = rows_of(b, {"all"});
  ASSERT_EQ(rows.count("Requantise_" + y), 1U);
  const NodeResult& between = rows.at("Requantise_" + y);
  EXPECT_EQ(between.on, Side::Bpu);
  EXPECT_EQ(types(between), "int16 int8");
  EXPECT_EQ(between.accuracy->ideal_exact_fraction, 1);
  EXPECT_EQ(types(rows.at("Relu0")), "int16 int16");
  EXPECT_EQ(types(rows.at("Round1")), "int8 int16");
  EXPECT_EQ(types(rows.at("Sigmoid2")), "int16 int16");
}

// The residual of an int8 sum is int16, and the other way round.
TEST(Requantise, AResidualOfTheOtherType) {
  const auto block = [] {
    Builder b;
    const std::string x = b.input({1, 4, 8, 8}), y = b.add("Relu", {x});
    const std::string z = b.add("Conv", {y, b.constant({4, 4, 1, 1})});
    b.end("Add", {z, y});
    return b;
  };
  const std::string y = "Relu0.y";
  const auto narrow = rows_of(block(), {"Relu0"});
  EXPECT_EQ(types(narrow.at("Conv1")), "int16 int8");
  EXPECT_EQ(types(narrow.at("Requantise_" + y)), "int16 int8");
  EXPECT_EQ(narrow.at("Conv1").accuracy->ideal_within_1lsb_fraction, 1);
  const auto wide = rows_of(block(), {"Conv1"});
  EXPECT_EQ(types(wide.at("Conv1")), "int8 int16");
  EXPECT_EQ(types(wide.at("Requantise_" + y)), "int8 int16");
  EXPECT_EQ(rows_of(block(), {"all"}).count("Requantise_" + y), 0U);
}

Policy decomposing() {
  return Policy::parse(
      "name: own\ndescription: own\notherwise: {on: bpu, reason: others, source: own}\noperators:\n"
      "  - {op: LpNormalization, on: decomposed, reason: as it is, source: own}\n",
      "own.yaml");
}

// A decomposed norm makes int8; what lies beside it in a Concat is int16.
TEST(Requantise, AConcatOfOneInt16Part) {
  Builder b;
  const std::string x = b.input({2, 4, 8, 8});
  const std::string norm = b.add("LpNormalization", {x}), other = b.add("Relu", {x});
  b.end("Concat", {norm, other}, number("axis", 1));
  RunSpec spec = b.spec();
  spec.int16 = {"Relu1"};
  const RunResult r = simulate({spec, read_machine("generic"), decomposing()});
  std::map<std::string, NodeResult> rows;
  for (const NodeResult& row : r.nodes) rows[row.name] = row;
  EXPECT_EQ(types(rows.at("LpNormalization0")), "int8 int8");
  EXPECT_EQ(types(rows.at("Requantise_" + norm)), "int8 int16");
  EXPECT_EQ(types(rows.at("Concat2")), "int16 int16");
  EXPECT_EQ(rows.at("Concat2").accuracy->ideal_exact_fraction, 1);
}

// What is asked for by name, and cannot be, is refused; "all" leaves it out.
TEST(Requantise, WhatCannotWriteInt16IsNamed) {
  Builder b;
  b.end("LpNormalization", {b.add("Relu", {b.input({2, 4, 8, 8})})});
  RunSpec spec = b.spec();
  spec.int16 = {"LpNormalization1"};
  try {
    simulate({spec, read_machine("generic"), decomposing()});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("LpNormalization1: a decomposed LpNormalization reads and writes "
                        "int8"),
              std::string::npos)
        << error.what();
  }
  spec.int16 = {"all"};
  const RunResult r = simulate({spec, read_machine("generic"), decomposing()});
  ASSERT_EQ(r.nodes.size(), 3U);
  EXPECT_EQ(types(r.nodes[0]), "int16 int16");
  EXPECT_EQ(types(r.nodes[1]), "int16 int8");  // requantises
  EXPECT_EQ(types(r.nodes[2]), "int8 int8");
}

// A node of that name is the one that is meant.
TEST(Requantise, ANodeMayBeCalledAll) {
  Builder b;
  b.end("Relu", {b.add("Sigmoid", {b.input({4, 8})})});
  RunSpec spec = b.spec();
  spec.network.nodes[1].name = "all";
  spec.int16 = {"all"};
  const RunResult r = simulate({spec, read_machine("generic"), Policy::read("full")});
  EXPECT_EQ(types(r.nodes[0]), "int8 int8");
  EXPECT_EQ(types(r.nodes[1]), "int8 int16");
}

// The search tries networks with steps that requantise, whose grids come of values observed before.
TEST(Requantise, TheSearchPricesThem) {
  Builder b;
  const std::string y = b.add("Relu", {b.add("Conv", {b.input({1, 4, 8, 8}), b.constant({4, 4, 3, 3})})});
  b.end("Round", {y});
  b.end("Sigmoid", {y});
  RunSpec spec = b.spec();
  spec.int16_until = 0.99999999;
  const RunResult r = simulate({spec, read_machine("generic"), Policy::read("full")});
  EXPECT_GE(r.quantised->search->reached, r.quantised->search->in_int8);
}

}  // namespace
}  // namespace bpusim
