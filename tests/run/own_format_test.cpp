// A format of one's own takes no more than a few metrics by their names: here a table separated by tabs.
#include <gtest/gtest.h>

#include "sim/result/metrics.h"

namespace bpusim {
namespace {

std::string tab_separated(const RunResult& run, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + (name == names.back() ? "\n" : "\t");
  for (const NodeResult& node : run.nodes)
    for (const std::string& name : names) {
      const Value value = metric_of(node_metrics(), name).read(node);
      const auto* label = std::get_if<std::string>(&value);
      text += label != nullptr ? *label : std::to_string(as_number(value).value_or(-1));
      text += name == names.back() ? "\n" : "\t";
    }
  return text;
}

TEST(OwnFormat, ThreeMetricsSeparatedByTabs) {
  RunResult run;
  run.nodes.resize(2);
  run.nodes[0].name = "conv";
  run.nodes[0].time_ms = 0.5;
  run.nodes[0].accuracy.emplace().cosine = 0.25;
  run.nodes[1].name = "relu";
  EXPECT_EQ(tab_separated(run, {"name", "time_ms", "accuracy.cosine"}),
            "name\ttime_ms\taccuracy.cosine\n"
            "conv\t0.500000\t0.250000\n"
            "relu\t0.000000\t-1.000000\n");
}

}  // namespace
}  // namespace bpusim
