#include "sim/report/compare.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "sim/report/comparison.h"
#include "sim/report/csv.h"
#include "sim/report/documents.h"
#include "sim/report/json_text.h"
#include "sim/report/metric_text.h"
#include "sim/report/run_labels.h"
#include "sim/report/text_table.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

using Runs = std::vector<ComparedRun>;

constexpr std::size_t kLine = 80;

// What is compared of a run as a whole.
struct Total {
  const char* title;
  std::function<std::optional<double>(const ComparedRun&)> figure;
  std::function<std::string(double)> text;
};

std::string whole(double number) {
  return grouped(static_cast<std::int64_t>(number));
}

// What times are told in, all of a comparison alike.
struct TimeUnit {
  const char* name;
  double of_a_ms;

  std::string number(double ms) const { return fixed(ms * of_a_ms, 3); }
};

TimeUnit time_unit(const Runs& runs) {
  double longest = 0;
  for (const ComparedRun& run : runs) longest = std::max(longest, run.time_ms);
  return longest < 1 ? TimeUnit{"us", 1000} : TimeUnit{"ms", 1};
}

// "-0.000" says no more than "0.000".
std::string without_sign_of_zero(const std::string& text) {
  return text.find_first_of("123456789") == std::string::npos && text.rfind('-', 0) == 0 ? text.substr(1)
                                                                                         : text;
}

std::string bytes(double count) {
  return (count < 0 ? "-" : "") + bytes_text(static_cast<std::int64_t>(std::abs(count)));
}

std::vector<Total> totals(const TimeUnit& unit) {
  const auto milliseconds = [unit](double ms) { return unit.number(ms) + " " + unit.name; };
  return {
      {"operators", [](const ComparedRun& r) { return std::optional<double>(r.nodes); }, whole},
      {"operators on the CPU", [](const ComparedRun& r) { return std::optional<double>(r.nodes_on_cpu); },
       whole},
      {"segments", [](const ComparedRun& r) { return std::optional<double>(r.segments); }, whole},
      {"time", [](const ComparedRun& r) { return std::optional<double>(r.time_ms); }, milliseconds},
      {"time on the BPU", [](const ComparedRun& r) { return std::optional<double>(r.bpu_ms); }, milliseconds},
      {"time on the CPU", [](const ComparedRun& r) { return std::optional<double>(r.host_ms); },
       milliseconds},
      {"DRAM traffic",
       [](const ComparedRun& r) {
         return std::optional<double>(static_cast<double>(r.dram_read_bytes) +
                                      static_cast<double>(r.dram_write_bytes));
       },
       bytes},
      {"output cosine", [](const ComparedRun& r) { return r.output_cosine; },
       [](double cosine) { return fixed(cosine, 6); }},
      {"output SQNR", [](const ComparedRun& r) { return r.output_sqnr_db; },
       [](double db) { return decibels(db) + (db >= kExactDb ? "" : " dB"); }},
  };
}

std::string percent_text(const std::optional<double>& percent) {
  return percent ? without_sign_of_zero(fixed(*percent, 1)) : "-";
}

// Labels where they are short enough for columns, else the letters of the legend.
std::vector<std::string> titles_of(const Runs& runs) {
  constexpr std::size_t kShort = 12;
  std::vector<std::string> titles = run_labels(runs);
  const auto is_long = [](const std::string& title) { return title.size() > kShort; };
  if (std::any_of(titles.begin(), titles.end(), is_long))
    for (std::size_t r = 0; r < titles.size(); ++r) titles[r] = run_letter(r);
  return titles;
}

// The columns of figures: of each run its own, and how far those behind the first are from it.
std::vector<TextColumn> with_figures(std::vector<TextColumn> columns,
                                     const std::vector<std::string>& titles) {
  for (std::size_t r = 0; r < titles.size(); ++r) {
    columns.emplace_back(titles[r] + ">");
    if (r > 0 && titles.size() == 2) columns.emplace_back("Difference>");
    if (r > 0) columns.emplace_back("%>");
  }
  return columns;
}

// How the runs are called in columns, and what their times are in.
struct Figures {
  std::vector<std::string> titles;
  TimeUnit unit;
};

std::string total_table(const Runs& runs, const Figures& figures) {
  const auto& [titles, unit] = figures;
  TextTable table(with_figures({""}, titles));
  for (const Total& total : totals(unit)) {
    if (std::none_of(runs.begin(), runs.end(), [&](const ComparedRun& run) { return total.figure(run); }))
      continue;
    std::vector<std::string> cells = {total.title};
    const std::optional<double> first = total.figure(runs[0]);
    for (std::size_t r = 0; r < runs.size(); ++r) {
      const std::optional<double> now = total.figure(runs[r]);
      cells.push_back(now ? total.text(*now) : "-");
      if (r == 0) continue;
      const bool both = now && first;
      if (runs.size() == 2) cells.push_back(both ? without_sign_of_zero(total.text(*now - *first)) : "-");
      cells.push_back(percent_text(both ? percent_of_first(*now, *first) : std::nullopt));
    }
    table.add(cells);
  }
  return table.str(kLine);
}

// "BPU", or "CPU > BPU" where that changes.
std::string sides(const AlignedRow& row) {
  std::vector<std::string> seen;
  for (const ComparedRow* there : row.by_run) {
    const std::string side = there == nullptr ? "-" : there->on;
    if (seen.empty() || seen.back() != side) seen.push_back(side);
  }
  std::string text;
  for (const std::string& side : seen) text += (text.empty() ? "" : ">") + side;
  return text;
}

std::string counts(const AlignedRow& row) {
  std::string text;
  std::string before;
  for (const ComparedRow* there : row.by_run) {
    const std::string count = there == nullptr ? "0" : std::to_string(there->count);
    if (count != before) text += (text.empty() ? "" : ">") + count;
    before = count;
  }
  return text;
}

std::string row_table(const char* what, const char* beside, const std::vector<AlignedRow>& rows,
                      std::size_t shown, const Figures& figures, std::string (*second)(const AlignedRow&)) {
  const auto& [titles, unit] = figures;
  TextTable table(with_figures({TextColumn(what).elided(16), beside}, titles));
  for (std::size_t n = 0; n < std::min(rows.size(), shown); ++n) {
    const AlignedRow& row = rows[n];
    std::vector<std::string> cells = {row.name, second(row)};
    for (std::size_t r = 0; r < row.by_run.size(); ++r) {
      cells.push_back(row.by_run[r] == nullptr ? "-" : unit.number(row.by_run[r]->time_ms));
      if (r == 0) continue;
      if (titles.size() == 2) cells.push_back(without_sign_of_zero(unit.number(row.difference_ms(r))));
      cells.push_back(row.by_run[r] == nullptr ? "-" : percent_text(row.difference_percent(r)));
    }
    table.add(cells);
  }
  return table.str(kLine);
}

// Nodes that not all runs have, by the runs that do.
std::string not_everywhere(const std::vector<AlignedRow>& nodes, bool all_names) {
  constexpr std::size_t kNames = 6;
  std::vector<std::string> order;
  std::map<std::string, std::vector<std::string>> names;
  for (const AlignedRow& node : nodes) {
    std::string where;
    bool everywhere = true;
    for (std::size_t r = 0; r < node.by_run.size(); ++r)
      if (node.by_run[r] != nullptr)
        where += (where.empty() ? "" : ", ") + run_letter(r);
      else
        everywhere = false;
    if (everywhere) continue;
    if (names[where].empty()) order.push_back(where);
    names[where].push_back(printable(node.name));
  }
  std::string text;
  for (const std::string& where : order) {
    const std::vector<std::string>& of = names[where];
    std::string line =
        "Only in " + where + ": " + std::to_string(of.size()) + (of.size() == 1 ? " node: " : " nodes: ");
    const std::size_t told = all_names ? of.size() : std::min(kNames, of.size());
    for (std::size_t n = 0; n < told; ++n) line += (n == 0 ? "" : ", ") + elided(of[n]);
    if (told < of.size()) line += ", … (--nodes names all)";
    text += wrapped(line, kLine, "", 2);
  }
  return text.empty() ? "" : text + "\n";
}

std::string names_of(const Runs& runs) {
  std::vector<std::string> names;
  for (const ComparedRun& run : runs)
    if (std::find(names.begin(), names.end(), run.name) == names.end()) names.push_back(run.name);
  std::string text;
  for (std::size_t n = 0; n < names.size(); ++n)
    text += (n == 0 ? "" : n + 1 == names.size() ? " and " : ", ") + printable(names[n]);
  return text;
}

}  // namespace

std::string text_comparison(const Runs& runs, const TextStyle& style) {
  constexpr std::size_t kKinds = 12, kNodes = 20;
  const Figures figures = {titles_of(runs), time_unit(runs)};
  const std::string unit = figures.unit.name;
  const auto nodes = aligned_nodes(runs), kinds = aligned_kinds(runs);
  const std::size_t shown = style.all_nodes ? nodes.size() : kNodes;
  const std::string of = shown < nodes.size() ? " (" + std::to_string(shown) + " of " +
                                                    std::to_string(nodes.size()) + "; --nodes shows all)"
                                              : "";
  return heading(names_of(runs), style) + legend(runs) + "\n" + total_table(runs, figures) + "\n" +
         not_everywhere(nodes, style.all_nodes) +
         heading("Kinds of operators, by how much they differ, in " + unit, style) +
         row_table("Type", "Count", kinds, style.all_nodes ? kinds.size() : kKinds, figures, counts) + "\n" +
         heading("Nodes, by how much they differ, in " + unit + of, style) +
         row_table("Node", "ON", nodes, shown, figures, sides);
}

std::string json_comparison(const Runs& runs, const Making& making) {
  return json_text(json_of(comparison_document(runs, making)));
}

std::string csv_comparison(const Runs& runs) {
  const std::vector<NodeMetric>& metrics = node_metrics();
  const std::vector<AlignedRow> nodes = aligned_nodes(runs);
  MetricTable table;
  const auto add = [&](const std::string& name, const auto& read) {
    table.metrics.emplace_back().name = name;
    for (std::size_t n = 0; n < nodes.size(); ++n) table.rows[n].push_back(read(nodes[n]));
  };
  table.rows.resize(nodes.size());
  add("name", [](const AlignedRow& row) { return to_value(row.name); });
  for (std::size_t r = 1; r < runs.size(); ++r) {
    add(run_letter(r) + ".difference_ms",
        [r](const AlignedRow& row) { return to_value(row.difference_ms(r)); });
    add(run_letter(r) + ".difference_percent",
        [r](const AlignedRow& row) { return to_value(row.difference_percent(r)); });
  }
  for (std::size_t r = 0; r < runs.size(); ++r)
    for (std::size_t m = 0; m < metrics.size(); ++m)
      if (metrics[m].name != "name")
        add(run_letter(r) + "." + metrics[m].name, [r, m](const AlignedRow& row) {
          return row.by_run[r] == nullptr ? Value() : row.by_run[r]->metrics[m];
        });
  return csv_of(table);
}

}  // namespace bpusim
