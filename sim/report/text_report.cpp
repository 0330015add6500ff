#include <algorithm>
#include <map>

#include "sim/report/advice_text.h"
#include "sim/report/identity_text.h"
#include "sim/report/mapper_table.h"
#include "sim/report/metric_text.h"
#include "sim/report/quantisation_report.h"
#include "sim/report/report.h"
#include "sim/report/text_table.h"
#include "sim/result/printable.h"
#include "sim/result/summary.h"

namespace bpusim {

namespace {

// What the engines that took part waited for most, beside having nothing to do.
std::string lost_to(const NodeResult& n) {
  int most = -1;
  std::int64_t cycles = 0, all = 0;
  for (int c = 0; c < kCauses; ++c) {
    const std::int64_t here = n.causes[static_cast<std::size_t>(c)];
    if (c == static_cast<int>(Cause::Work) || c == static_cast<int>(Cause::QueueEmpty)) continue;
    all += here;
    if (here <= cycles) continue;
    cycles = here;
    most = c;
  }
  if (most < 0) return "-";
  return std::string(to_string(static_cast<Cause>(most))) + " " +
         fixed(100.0 * static_cast<double>(cycles) / static_cast<double>(all), 0) + " %";
}

constexpr std::size_t kSlowest = 20;

// What a rule put together to the node, and what runs as part of it.
std::string origin_of(const NodeResult& n) {
  std::string text = n.origin.empty() ? "" : "recognised from " + elided(n.origin, 60);
  if (n.fused.empty()) return text;
  text += (text.empty() ? "" : "; ") + std::string("fused: ");
  for (std::size_t f = 0; f < n.fused.size(); ++f) text += (f > 0 ? ", " : "") + elided(n.fused[f]);
  return text;
}

// The cell of a figure that says nothing where there are no multiply-accumulates.
template <class Of, class Macs>
Column<Of> where_macs(const std::vector<Metric<Of>>& metrics, const std::string& name, Macs macs) {
  Column<Of> column = column_of(metrics, name);
  return {column.title,
          [cell = column.cell, macs](const Of& of) { return macs(of) > 0 ? cell(of) : std::string("-"); }};
}

const std::vector<Column<NodeResult>>& node_columns() {
  static const auto of = [](const char* name) { return column_of(node_metrics(), name); };
  static const auto made = [](const char* name, std::string (*cell)(const NodeResult&)) {
    return column_of<NodeResult>(node_metrics(), name, cell);
  };
  static const auto macs = [](const NodeResult& n) { return n.macs; };
  static const auto types = [](const NodeResult& n) { return n.in_type + "/" + n.out_type; };
  static const std::vector<Column<NodeResult>> columns = {of("name"),
                                                          of("on"),
                                                          of("segment"),
                                                          of("op"),
                                                          of("shape"),
                                                          of("mapping"),
                                                          of("cycles"),
                                                          of("time_ms"),
                                                          of("dram_read_bytes"),
                                                          of("dram_write_bytes"),
                                                          of("bandwidth_gbps"),
                                                          where_macs(node_metrics(), "macs", macs),
                                                          where_macs(node_metrics(), "mac_utilisation", macs),
                                                          of("bound"),
                                                          of("roofline_fraction"),
                                                          {"Lost to", lost_to},
                                                          of("accuracy.cosine"),
                                                          of("accuracy.sqnr_db"),
                                                          of("accuracy.ideal_sqnr_db"),
                                                          made("in_type", types),
                                                          made("origin", origin_of)};
  return columns;
}

std::string node_table(const RunResult& result, const std::vector<std::size_t>& rows,
                       const TextStyle& style) {
  TextTable table = table_with(node_columns());
  for (const std::size_t r : rows)
    table.add(cells_of(node_columns(), result.nodes[r]),
              style.colour && result.nodes[r].on_cpu() ? kYellow : "");
  return table.str();
}

std::string nodes_part(const RunResult& result, const TextStyle& style) {
  const std::size_t all = result.nodes.size();
  auto rows = rows_of_interest(result.nodes, style.all_nodes ? all : kSlowest);
  if (rows.size() + kSlowest / 2 > all)
    rows = rows_of_interest(result.nodes, all);  // no use in leaving few out
  const std::string title = rows.size() == all
                                ? "Nodes"
                                : "Nodes: the " + std::to_string(kSlowest) + " slowest and all on the CPU, " +
                                      std::to_string(rows.size()) + " of " + std::to_string(all) +
                                      " (--nodes prints all, --out DIR and --json FILE write all)";
  return heading(title, style) + node_table(result, rows, style);
}

std::string percent_of_run(std::int64_t cycles, const RunResult& run) {
  return fixed(
      100.0 * static_cast<double>(cycles) / static_cast<double>(std::max<std::int64_t>(run.cycles, 1)), 1);
}

const std::vector<Column<PartOf<KindSummary>>>& kind_columns() {
  using Part = PartOf<KindSummary>;
  static const auto of = [](const char* name) { return column_of(kind_metrics(), name); };
  static const auto macs = [](const Part& k) { return k.part.macs; };
  static const auto share = [](const Part& k) { return percent_of_run(k.part.cycles, k.run); };
  static const std::vector<Column<Part>> columns = {of("op"),
                                                    of("on"),
                                                    of("count"),
                                                    of("time_ms"),
                                                    column_of<Part>(kind_metrics(), "share", share),
                                                    of("dram_bytes"),
                                                    where_macs(kind_metrics(), "macs", macs),
                                                    where_macs(kind_metrics(), "mac_utilisation", macs)};
  return columns;
}

std::string kind_table(const RunResult& result, const TextStyle& style) {
  TextTable table = table_with(kind_columns());
  const std::vector<KindSummary> kinds = kinds_of(result.nodes);
  for (const PartOf<KindSummary>& kind : parts_of(result, kinds))
    table.add(cells_of(kind_columns(), kind), style.colour && kind.part.on == Side::Cpu ? kYellow : "");
  return table.str();
}

// Reasons with how many operators they are of; what single nodes are made of is in their rows.
std::string reasons(const RunResult& result) {
  std::map<std::string, int> count;  // by operator, side and reason
  std::vector<std::string> order;
  for (const NodeResult& n : result.nodes) {
    const auto made = n.reason.find("; recognised from ");
    const std::string key = n.op + " on " + to_string(n.on) + ": " + n.reason.substr(0, made);
    if (count[key]++ == 0) order.push_back(key);
  }
  std::string text;
  for (const std::string& key : order)
    text += "  " + key + (count[key] > 1 ? " (x" + std::to_string(count[key]) + ")" : "") + "\n";
  return text;
}

std::string lines_under(const char* title, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text.empty() ? "" : std::string("\n") + title + ":\n" + text;
}

// `now_ms` as for text_of.
std::string advice_text(const std::vector<Advice>& advice, double now_ms, const TextStyle& style) {
  if (advice.empty()) return "";
  std::string text = "\n" + heading("What to change, by time won", style);
  for (const Advice& a : advice)
    text += "  " + (a.won_ms > 0 ? "[" + fixed(a.won_ms, 3) + " ms] " : std::string()) +
            printable(text_of(a, now_ms)) + "\n";
  return text;
}

std::string advice_text(const RunResult& result, const TextStyle& style) {
  return advice_text(result.advice, result.time_ms(result.cycles), style);
}

// An engine's cycles by cause, in % of the run.
const std::vector<Column<PartOf<EngineUse>>>& engine_columns() {
  using Part = PartOf<EngineUse>;
  static const std::vector<Column<Part>> columns = [] {
    std::vector<Column<Part>> all = {column_of(engine_metrics(), "name"),
                                     column_of(engine_metrics(), "commands")};
    for (std::size_t c = 0; c < kCauses; ++c) {
      const auto cause = static_cast<Cause>(c);
      all.push_back({cause == Cause::Work ? "Work %>" : std::string(to_string(cause)) + ">",
                     [c](const Part& engine) { return percent_of_run(engine.part.cycles[c], engine.run); }});
    }
    return all;
  }();
  return columns;
}

std::string engine_table(const RunResult& result) {
  TextTable table = table_with(engine_columns());
  for (const PartOf<EngineUse>& engine : parts_of(result, result.engines))
    table.add(cells_of(engine_columns(), engine));
  return table.str();
}

std::string total_row(const std::string& name, const std::string& value) {
  return "  " + name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + value + "\n";
}

std::string nodes_and_output(const RunResult& r) {
  const std::string segments = text_of(r, "segments.count");
  std::string text =
      total_row("operators", text_of(r, "nodes.count") + ": " + text_of(r, "nodes.on_bpu") + " on the BPU, " +
                                 text_of(r, "nodes.on_cpu") + " on the CPU, in " + segments +
                                 (segments == "1" ? " segment" : " segments"));
  if (const OutputAccuracy out = output_accuracy(r.nodes); out.known)
    text += total_row("output", "cosine " + text_of(r, "output.cosine") + ", SQNR " + decibels(out.sqnr_db) +
                                    (out.sqnr_db >= kExactDb ? "" : " dB") +
                                    " (the worst of the network's outputs)");
  return text;
}

std::string lost_by_engines(const RunResult& r) {
  CauseCycles lost{};
  std::int64_t all = 0;
  for (const EngineUse& use : r.engines)
    for (std::size_t c = 0; c < kCauses; ++c) {
      lost[c] += use.cycles[c];
      all += use.cycles[c];
    }
  std::string causes;
  for (std::size_t c = 1; c < kCauses; ++c)
    causes +=
        (c == 1 ? "" : ", ") + std::string(to_string(static_cast<Cause>(c))) + " " +
        fixed(100.0 * static_cast<double>(lost[c]) / static_cast<double>(std::max<std::int64_t>(all, 1)), 1) +
        " %";
  return total_row("engine cycles lost to", causes);
}

std::string totals(const RunResult& r) {
  const auto of = [&](const char* metric) { return text_of(r, metric); };
  std::string text = nodes_and_output(r);
  text += total_row("cycles", of("total.cycles") + " (BPU " + of("total.bpu_cycles") + ", host " +
                                  of("total.host_cycles") + ")");
  text += total_row(
      "time", of("total.time_ms") + " ms (BPU " + of("total.bpu_ms") + ", host " + of("total.host_ms") + ")");
  text +=
      total_row("DRAM", of("total.dram_read_bytes") + " read, " + of("total.dram_write_bytes") + " written");
  text += total_row("bandwidth", of("total.bandwidth_gbps") + " GB/s on average, " +
                                     of("total.peak_bandwidth_gbps") + " in the busiest 4096 cycles, " +
                                     of("total.pin_bandwidth_gbps") + " at the pins");
  const std::int64_t bursts = r.row_hits + r.row_misses + r.row_conflicts;
  if (bursts > 0)
    text += total_row("DRAM rows",
                      fixed(100.0 * static_cast<double>(r.row_hits) / static_cast<double>(bursts), 1) +
                          " % of bursts hit an open row");
  text += lost_by_engines(r);
  text += total_row("SRAM high-water mark",
                    of("total.sram_high_water_bytes") + " of " + of("total.sram_bytes") + " a core");
  text += total_row("simulated / wall", fixed(r.time_ms(r.cycles) / 1000 / r.wall_seconds * 1000, 3) +
                                            " ms of machine time a second of wall time (" +
                                            of("host.wall_seconds") + " s)");
  return text;
}

}  // namespace

std::string heading(const std::string& text, const TextStyle& style) {
  return (style.colour ? kBold + text + kPlain : text) + "\n";
}

std::string text_report(const RunResult& given, const TextStyle& style) {
  const RunResult result = printable(given);
  std::string text = result.name + " on " + result.machine + ", policy " + result.policy + "\n" +
                     identity_text(result.identity, result.making) + "\n" + heading("Totals", style) +
                     totals(result) + "\n" + heading("Kinds of operators", style) +
                     kind_table(result, style) + lines_under("Warnings", result.warnings) +
                     lines_under("Of the file", result.notes) + advice_text(result, style) + "\n" +
                     nodes_part(result, style) + "\n" + heading("Where and why", style) + reasons(result) +
                     "\n" + heading("Cycles of each engine by cause, in % of the run", style) +
                     engine_table(result);
  const std::string quantisation = text_quantisation(result);
  if (!quantisation.empty()) text += "\n" + quantisation;
  if (result.of_toolchain) text += "\n" + heading("As the toolchain prints it", style) + mapper_table(result);
  if (const std::string overflows = text_of(result, "nodes.overflows"); overflows != "0")
    text += "\n" + std::string(style.colour ? kRed : "") + "WARNING: accumulators wrapped " + overflows +
            " times; results are wrong where they did" + (style.colour ? kPlain : "") + "\n";
  return text;
}

std::string text_placement(const CheckResult& given, const TextStyle& style) {
  const CheckResult result = printable(given);
  const auto of = [](const char* name) { return column_of(placed_node_metrics(), name); };
  const std::vector<Column<PlacedNode>> columns = {of("name"), of("op"),     of("shape"),
                                                   of("on"),   of("reason"), of("source")};
  TextTable table = table_with(columns);
  for (const PlacedNode& n : result.nodes)
    table.add(cells_of(columns, n), !style.colour || n.on == Side::Bpu ? ""
                                    : n.on == Side::Cpu                ? kYellow
                                                                       : kRed);
  return identity_text(result.identity, result.making) + "\n" + table.str() +
         lines_under("Of the file", result.notes) + advice_text(result.advice, 0, style);
}

}  // namespace bpusim
