// A mapping that the run asks for and that its norm cannot take where it runs is said, in the result and to
// the listener, and once for all norms that it is the same for.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/config/machine_file.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

using Lines = std::vector<std::string>;

Policy policy(const std::string& on) {
  return Policy::parse(
      "name: own\ndescription: own\notherwise: {on: bpu, reason: others, source: own}\noperators:\n"
      "  - {op: LayerNormalization, on: " +
          on + ", reason: as it is, source: own}\n",
      "own.yaml");
}

Lines warnings(const std::string& run, const std::string& on = "bpu") {
  Lines told;
  RunOptions options = RunOptions::timing();
  options.listener.warning = [&](const std::string& text) { told.push_back(text); };
  const RunResult result =
      simulate({parse_run(run, "r.yaml", ""), read_machine("generic"), policy(on)}, options);
  EXPECT_EQ(result.warnings, told);
  return told;
}

const std::string kLayer = "operators:\n  - {name: l, op: LayerNormalization, shape: [4, 8], mapping: ";

TEST(UnusedMappings, WhatIsTakenIsNotSpokenOf) {
  for (const char* mapping : {"auto", "resident", "streaming", "split", "mac_array", "decomposed", "host"})
    EXPECT_EQ(warnings(kLayer + mapping + "}\n"), Lines{}) << mapping;
  EXPECT_EQ(warnings(kLayer + "host}\n", "cpu"), Lines{});
  EXPECT_EQ(warnings(kLayer + "auto}\n", "cpu"), Lines{});
  EXPECT_EQ(warnings(kLayer + "decomposed}\n", "decomposed"), Lines{});
}

TEST(UnusedMappings, OnTheCpuAndInParts) {
  for (const char* mapping : {"resident", "streaming", "split", "mac_array", "decomposed"})
    EXPECT_EQ(warnings(kLayer + mapping + "}\n", "cpu"),
              Lines{std::string("mapping ") + mapping + " changes nothing for l, on the CPU: as it is"});
  EXPECT_EQ(warnings(kLayer + "resident}\n", "decomposed"),
            Lines{"mapping resident changes nothing for l, written out in primitives"});
}

// Given statistics have no second pass to make and no sums to combine; a folded norm is part of a
// convolution.
TEST(UnusedMappings, OfGivenStatistics) {
  EXPECT_EQ(
      warnings("operators:\n  - {name: b, op: BatchNormalization, shape: [1, 4, 6, 6], mapping: split}\n"),
      Lines{"mapping split changes nothing for b, laid out as resident"});
  const std::string folded =
      "operators:\n  - {name: c, op: Conv, shape: [1, 4, 6, 6], then: [BatchNormalization]";
  EXPECT_EQ(warnings(folded + ", mapping: split}\n"),
            Lines{"mapping split changes nothing for c.BatchNormalization, folded into c.Conv"});
  EXPECT_EQ(warnings("mapping: split\n" + folded + "}\n"), Lines{});
}

TEST(UnusedMappings, OfTheWholeRun) {
  std::string run = "mapping: streaming\noperators:\n";
  for (int n = 0; n < 7; ++n) run += "  - {op: LayerNormalization, shape: [4, 8]}\n";
  EXPECT_EQ(
      warnings(run, "cpu"),
      Lines{"mapping streaming changes nothing for LayerNormalization, LayerNormalization_2, "
            "LayerNormalization_3, LayerNormalization_4, LayerNormalization_5 and 2 more, on the CPU: as "
            "it is"});
  EXPECT_EQ(warnings(run), Lines{});
  EXPECT_EQ(
      warnings("mapping: streaming\noperators:\n  - {op: Relu, shape: [4, 8]}\n"),
      Lines{
          "mapping streaming changes nothing: norms alone have mappings to choose from, and there is none"});
  EXPECT_EQ(warnings("mapping: host\noperators:\n  - {op: Relu, shape: [4, 8]}\n"), Lines{});
}

}  // namespace
}  // namespace bpusim
