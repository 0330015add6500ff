#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <utility>

#include "sim/report/advice_list.h"
#include "sim/report/identity_text.h"
#include "sim/report/mapper_table.h"
#include "sim/report/metric_text.h"
#include "sim/report/node_table.h"
#include "sim/report/quantisation_report.h"
#include "sim/report/reason_table.h"
#include "sim/report/report.h"
#include "sim/report/words.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr std::size_t kNameWidth = 18;  // of a total

std::string percent(std::int64_t part, std::int64_t all) {
  return fixed(100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(all, 1)), 1);
}

std::string kind_table(const RunResult& result, const TextStyle& style) {
  using Part = PartOf<KindSummary>;
  const auto of = [](const char* name) { return column_of(kind_metrics(), name); };
  const auto type = [&](const Part& kind) { return type_in_table(kind.part.op, style); };
  std::vector<Column<Part>> columns = {column_of<Part>(kind_metrics(), "op", type),
                                       of("on"),
                                       of("count"),
                                       of("time_ms"),
                                       of("share"),
                                       of("dram_bytes"),
                                       but_0(of("macs")),
                                       but_0(of("mac_utilisation"))};
  columns[0].form = columns[0].form.elided(14);
  for (const std::size_t last : {6U, 7U}) columns[last].form = columns[last].form.unless_all("").ranked(1);
  const std::vector<KindSummary> kinds = kinds_of(result.nodes);
  return table_with<Part>(
             columns, parts_of(result, kinds),
             [&](const Part& kind) { return style.colour && kind.part.on == Side::Cpu ? kYellow : ""; })
      .str(style.table_width());
}

// What nodes a rule put together to a single one is in their rows.
std::string reasons(const RunResult& result, const TextStyle& style) {
  std::vector<PlacedReason> nodes;
  for (const NodeResult& n : result.nodes)
    nodes.push_back({n.name, n.op, n.reason.substr(0, n.reason.find("; recognised from ")), "", n.on});
  return reason_table(nodes, style);
}

// An engine's cycles by cause, in % of the run.
std::string engine_table(const RunResult& result, const TextStyle& style) {
  using Part = PartOf<EngineUse>;
  std::vector<Column<Part>> columns = {
      column_of<Part>(engine_metrics(), "name",
                      [](const Part& e) { return e.part.unit == "host" ? "CPU" : e.part.name; }),
      column_of(engine_metrics(), "commands")};
  columns[0].form = columns[0].form.elided(10);
  for (std::size_t c = 0; c < kCauses; ++c) {
    const auto cause = static_cast<Cause>(c);
    columns.push_back(column_of<Part>(
        engine_metrics(), std::string("cycles.") + to_string(cause),
        [c](const Part& engine) { return percent(engine.part.cycles[c], engine.run.cycles); }));
    columns.back().form = columns.back().form.unless_all("0.0").ranked(cause == Cause::Work ? 1 : 2);
    columns.back().form.title = in_words(cause);
    columns.back().form.title[0] =
        static_cast<char>(std::toupper(static_cast<unsigned char>(columns.back().form.title[0])));
  }
  return table_with(columns, parts_of(result, result.engines)).str(style.table_width());
}

using Shares = std::vector<std::pair<std::string, double>>;

// "load 23.8 %, MAC 8.3 %", the largest first; what would be 0.0 is left out.
std::string in_percent(Shares shares) {
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [name, share] : shares)
    if (share >= 0.0005) text += (text.empty() ? "" : ", ") + name + " " + fixed(100 * share, 1) + " %";
  return text;
}

// Engines that took part alone: others say nothing about the work.
std::string engine_rows(const RunResult& r, const TextStyle& style) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> units;  // work and cycles
  CauseCycles by_cause{};
  std::int64_t all = 0;
  for (const EngineUse& use : r.engines) {
    if (use.commands == 0) continue;
    auto& [work, cycles] = units[unit_in_words(use.unit)];
    work += use.cycles[static_cast<std::size_t>(Cause::Work)];
    cycles += r.cycles;
    all += r.cycles;
    for (std::size_t c = 0; c < kCauses; ++c) by_cause[c] += use.cycles[c];
  }
  const auto share = [](std::int64_t part, std::int64_t of) {
    return of > 0 ? static_cast<double>(part) / static_cast<double>(of) : 0;
  };
  Shares busy, waits;
  for (const auto& [unit, figures] : units) busy.emplace_back(unit, share(figures.first, figures.second));
  for (int c = 0; c < kCauses; ++c)
    if (const auto cause = static_cast<Cause>(c); cause != Cause::Work && cause != Cause::QueueEmpty)
      waits.emplace_back(cause == Cause::Dependency ? "another engine" : in_words(cause),
                         share(by_cause[static_cast<std::size_t>(c)], all));
  const std::string busy_text = in_percent(busy), waits_text = in_percent(waits);
  return (busy_text.empty() ? "" : total_row("engines busy", busy_text + " of the run", style)) +
         (waits_text.empty() ? "" : total_row("they waited for", waits_text, style));
}

std::string counted(const std::string& count, const char* what) {
  return count + " " + what + (count == "1" ? "" : "s");
}

std::string nodes_and_output(const RunResult& r, const TextStyle& style) {
  const auto of = [&](const char* metric) { return text_of(r, metric); };
  std::string text =
      total_row("nodes",
                of("nodes.count") + ": " + of("nodes.on_bpu") + " on the BPU, " + of("nodes.on_cpu") +
                    " on the CPU, in " + counted(of("segments.count"), "segment"),
                style);
  if (const OutputAccuracy out = output_accuracy(r.nodes); out.known)
    text += total_row("worst output",
                      "cosine " + of("output.cosine") + ", SQNR " + decibels(out.sqnr_db) +
                          (out.sqnr_db >= kExactDb ? "" : " dB") +
                          (r.quantised && r.quantised->drawn_inputs ? ", on random inputs" : ""),
                      style);
  return text;
}

std::string memory_rows(const RunResult& r, const TextStyle& style) {
  const auto of = [&](const char* metric) { return text_of(r, metric); };
  std::string text = total_row(
      "DRAM", of("total.dram_read_bytes") + " read, " + of("total.dram_write_bytes") + " written", style);
  text += total_row("bandwidth",
                    of("total.bandwidth_gbps") + " GB/s on average, " + of("total.peak_bandwidth_gbps") +
                        " in the busiest 4096 cycles, " + of("total.pin_bandwidth_gbps") + " at the pins",
                    style);
  const std::int64_t bursts = r.row_hits + r.row_misses + r.row_conflicts;
  if (bursts > 0)
    text += total_row("DRAM rows", percent(r.row_hits, bursts) + " % of bursts hit an open row", style);
  return text + total_row("SRAM",
                          "at most " + of("total.sram_high_water_bytes") + " of " + of("total.sram_bytes") +
                              " a core",
                          style);
}

// In the unit of its own that it is shown in alone.
std::string duration(double ms) {
  const ColumnUnit unit = *unit_for(Shown::As::Time, ms);
  return text_in(unit, ms) + " " + unit.name;
}

std::string rate(const RunResult& r) {
  const double fps = as_number(metric_of(run_metrics(), "total.fps").read(r)).value_or(0);
  constexpr double kWhole = 1000;  // from which on decimals say nothing
  return (fps < kWhole ? fixed(fps, 1) : grouped(std::llround(fps))) + " FPS";
}

std::string totals(const RunResult& r, const TextStyle& style) {
  const auto of = [&](const char* metric) { return text_of(r, metric); };
  std::string text = nodes_and_output(r, style);
  text +=
      total_row("time",
                duration(r.time_ms(r.cycles)) + ", " + rate(r) + " (BPU " +
                    duration(r.time_ms(r.bpu_cycles)) + ", CPU " + duration(r.time_ms(r.host_cycles)) + ")",
                style);
  text += total_row(
      "cycles",
      of("total.cycles") + " (BPU " + of("total.bpu_cycles") + ", CPU " + of("total.host_cycles") + ")",
      style);
  if (const std::string macs = of("nodes.macs"); macs != "0 MACs") text += total_row("MACs", macs, style);
  text += memory_rows(r, style) + engine_rows(r, style);
  return text + total_row("simulation",
                          of("host.wall_seconds") + " s: " + fixed(r.time_ms(r.cycles) / r.wall_seconds, 3) +
                              " ms of the machine's time a second",
                          style);
}

}  // namespace

std::string heading(const std::string& text, const TextStyle& style) {
  std::string lines = wrapped(text, style.width);
  if (!style.colour) return lines;
  lines.pop_back();  // the line's end
  return kBold + lines + kPlain + "\n";
}

std::string lines_under(const char* title, const std::vector<std::string>& lines, const TextStyle& style) {
  std::string text;
  for (const std::string& line : lines) text += wrapped(line, style.width, "  ", 4);
  return text.empty() ? "" : "\n" + heading(title, style) + text;
}

std::string total_row(const std::string& name, const std::string& value, const TextStyle& style) {
  return wrapped(value, style.width,
                 "  " + name + std::string(name.size() < kNameWidth ? kNameWidth - name.size() : 1, ' '));
}

std::string text_report(const RunResult& given, const TextStyle& style) {
  const RunResult result = printable(given);
  std::string text =
      wrapped(result.name + " on " + result.machine + ", policy " + result.policy, style.width) +
      identity_text(result.identity, result.making, style.width) + "\n" + heading("Totals", style) +
      totals(result, style) + "\n" + heading("Kinds of operators", style) + kind_table(result, style) +
      lines_under("Warnings", result.warnings, style) + lines_under("Of the file", result.notes, style);
  const std::string advice = advice_list(result.advice, result.time_ms(result.cycles), style);
  if (!advice.empty()) text += "\n" + advice;
  text += "\n" + node_table(result, style) + "\n" + heading("Where and why", style) + reasons(result, style) +
          "\n" + heading("Cycles of each engine: work and what it waits for, in % of the run", style) +
          engine_table(result, style);
  const std::string quantisation = text_quantisation(result, style);
  if (!quantisation.empty()) text += "\n" + quantisation;
  if (result.of_toolchain) text += "\n" + heading("As the toolchain prints it", style) + mapper_table(result);
  if (const std::string overflows = text_of(result, "nodes.overflows"); overflows != "0")
    text += "\n" + std::string(style.colour ? kRed : "") +
            wrapped("WARNING: accumulators wrapped " + overflows + " times; results are wrong where they did",
                    style.width) +
            (style.colour ? kPlain : "");
  return text;
}

}  // namespace bpusim
