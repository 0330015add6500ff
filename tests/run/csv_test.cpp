// Results as comma-separated values.
#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <limits>

#include "sim/report/compare.h"
#include "sim/report/report.h"
#include "sim/result/metrics.h"

namespace bpusim {
namespace {

std::string line(const std::string& text, std::size_t number) {
  std::size_t from = 0;
  for (; number > 0; --number) from = text.find('\n', from) + 1;
  return text.substr(from, text.find('\n', from) - from);
}

RunResult run_of(const std::vector<std::string>& names) {
  RunResult run;
  for (const std::string& name : names) run.nodes.emplace_back().name = name;
  return run;
}

TEST(Csv, NamesWithCommasQuotesAndNewlinesAreQuoted) {
  RunResult run = run_of({"a,b", "say \"so\"", "two\nlines", "plain"});
  run.nodes[3].fused = {"x", "y,z"};
  const std::string csv = csv_report(run);
  EXPECT_EQ(line(csv, 0).substr(0, 10), "name,op,on");
  EXPECT_EQ(line(csv, 1).substr(0, 11), "\"a,b\",,BPU,");
  EXPECT_EQ(line(csv, 2).substr(0, 19), "\"say \"\"so\"\"\",,BPU,,");
  EXPECT_EQ(line(csv, 3) + "|" + line(csv, 4).substr(0, 7), "\"two|lines\",");
  EXPECT_NE(line(csv, 5).find(",\"x;y,z\","), std::string::npos);
  EXPECT_EQ(csv.back(), '\n');
}

TEST(Csv, NumbersHaveAllDigitsAndNoneWhereThereAreNone) {
  RunResult run = run_of({"one"});
  NodeResult& node = run.nodes[0];
  node.time_ms = 0.1 + 0.2;
  node.macs = 9007199254740993;  // no double has it
  node.statistics_error = std::numeric_limits<double>::quiet_NaN();
  const std::string kept = std::setlocale(LC_NUMERIC, nullptr);
  // A locale with a decimal comma, where the system has one.
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"})
    if (std::setlocale(LC_NUMERIC, locale) != nullptr) break;
  const std::string row = line(csv_report(run), 1);
  std::setlocale(LC_NUMERIC, kept.c_str());
  EXPECT_NE(row.find(",0.30000000000000004,"), std::string::npos) << row;
  EXPECT_NE(row.find(",9007199254740993,"), std::string::npos) << row;
  // Nothing for the statistics and for the eight figures of accuracy; the cycles of seven causes between.
  EXPECT_NE(row.find(",false,0,,0,0,0,0,0,0,0,,-,,,,,,,,"), std::string::npos) << row;
}

TEST(Csv, ComparisonHasBothSidesOfANode) {
  RunResult a = run_of({"first", "second"}), b = a;
  a.nodes[0].time_ms = 2;
  b.nodes[0].time_ms = 1;
  b.nodes.pop_back();
  const std::string csv = csv_comparison({compared_run(a), compared_run(b)});
  const std::string titles = line(csv, 0);
  const auto columns = std::count(titles.begin(), titles.end(), ',') + 1;
  EXPECT_EQ(columns,
            2 * static_cast<std::ptrdiff_t>(node_metrics().size()) + 1);  // a name less, and two differences
  EXPECT_EQ(titles.substr(0, 48), "name,b.difference_ms,b.difference_percent,a.op,a");
  EXPECT_NE(titles.find(",b.accuracy.cosine,"), std::string::npos);
  EXPECT_EQ(line(csv, 1).substr(0, 13), "first,-1,-50,");
  // The second node is in one run only.
  const std::string nothing(node_metrics().size() - 1, ',');
  EXPECT_EQ(line(csv, 2).substr(line(csv, 2).size() - nothing.size()), nothing);
}

}  // namespace
}  // namespace bpusim
