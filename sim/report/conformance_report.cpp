#include "sim/report/conformance_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

#include "sim/report/documents.h"
#include "sim/report/identity_report.h"
#include "sim/report/json_text.h"
#include "sim/report/metric_text.h"

namespace bpusim {

namespace {

using Status = ConformanceCase::Status;
using Cases = std::vector<ConformanceCase>;
using CaseColumn = Column<ConformanceCase>;

std::int64_t count(const Cases& cases, Status status) {
  return std::count_if(cases.begin(), cases.end(),
                       [&](const ConformanceCase& c) { return c.status == status; });
}

// A case that was skipped for its operator, which is no norm and is not made of primitives that could be one.
bool of_other_operator(const ConformanceCase& c) {
  if (c.status != Status::Skipped) return false;
  return c.reason.find("is no norm") != std::string::npos ||
         (c.op.empty() && c.reason.find("primitives") == std::string::npos);
}

std::string golden_error(const ConformanceCase& c) {
  if (c.status == Status::Skipped) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", c.golden_max_error);
  return text;
}

std::vector<CaseColumn> case_columns() {
  const auto of = [](const char* name) { return column_of(conformance_metrics(), name); };
  std::vector<CaseColumn> columns = {
      of("name"),    of("op"),
      of("status"),  column_of<ConformanceCase>(conformance_metrics(), "golden_max_error", golden_error),
      of("sqnr_db"), of("ideal_sqnr_db"),
      of("reason")};
  columns[0].form = columns[0].form.elided(20, 60);
  columns[1].form = columns[1].form.elided(8, 30);
  columns[4].form = columns[4].form.ranked(2);
  columns[5].form = columns[5].form.ranked(3);
  columns[6].form = columns[6].form.wrapped(12).unless_all("");
  return columns;
}

}  // namespace

std::string text_conformance(const Cases& cases, const TextStyle& style) {
  std::vector<std::reference_wrapper<const ConformanceCase>> listed;
  for (const ConformanceCase& c : cases)
    if (!of_other_operator(c)) listed.emplace_back(c);
  const auto colour = [&](const ConformanceCase& c) {
    return style.colour && c.status == Status::Failed ? kRed : "";
  };
  return table_with<ConformanceCase>(case_columns(), listed, colour).str(style.table_width()) +
         wrapped(std::to_string(count(cases, Status::Passed)) + " passed, " +
                     std::to_string(count(cases, Status::Failed)) + " failed, " +
                     std::to_string(count(cases, Status::Skipped)) + " skipped (" +
                     std::to_string(cases.size() - listed.size()) +
                     " of them cases of other operators, not listed)",
                 style.width);
}

Document conformance_document(const Cases& cases, const Making& making) {
  using Counts = Metric<Cases>;
  static const std::vector<Counts> counts = {
      Counts("passed", "", "cases that passed", [](const Cases& all) { return count(all, Status::Passed); }),
      Counts("failed", "", "cases that failed", [](const Cases& all) { return count(all, Status::Failed); }),
      Counts("skipped", "", "cases that were not run",
             [](const Cases& all) { return count(all, Status::Skipped); }),
  };
  return {"bpusim-conformance-2",
          "conformance",
          {{"", Part::Form::Inline, "",
            table_of(counts, std::array<std::reference_wrapper<const Cases>, 1>{cases})},
           {"cases", Part::Form::List, "cases by name, in the order of the folders",
            table_of(conformance_metrics(), cases)},
           version_part(),
           host_part(making)}};
}

std::string json_conformance(const Cases& cases, const Making& making) {
  return json_text(json_of(conformance_document(cases, making)));
}

}  // namespace bpusim
