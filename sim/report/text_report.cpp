#include <algorithm>
#include <map>

#include "sim/report/advice_text.h"
#include "sim/report/quantisation_report.h"
#include "sim/report/report.h"
#include "sim/report/text_table.h"
#include "sim/result/summary.h"

namespace bpusim {

namespace {

std::string decibels(double db) {
  return db >= kExactDb ? "exact" : fixed(db, 2);
}

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

std::string node_table(const RunResult& result, const std::vector<std::size_t>& rows,
                       const TextStyle& style) {
  TextTable table({"Node",      "ON",          "Subgraph>",   "Type",        "Shape",   "Mapping",
                   "Cycles>",   "Time us>",    "DRAM read>",  "DRAM write>", "GB/s>",   "MMACs>",
                   "MAC %>",    "Bound",       "Roofline %>", "Lost to",     "Cosine>", "SQNR dB>",
                   "ideal dB>", "In/Out type", "Origin"});
  for (const std::size_t r : rows) {
    const NodeResult& n = result.nodes[r];
    const bool measured = n.accuracy.has_value();
    table.add({elided(n.name),
               to_string(n.on),
               std::to_string(n.segment),
               elided(n.op),
               n.shape,
               n.mapping,
               grouped(n.cycles),
               fixed(n.time_ms * 1000, 1),
               bytes_text(n.dram_read_bytes),
               bytes_text(n.dram_write_bytes),
               fixed(n.bandwidth_gbps, 2),
               n.macs > 0 ? fixed(static_cast<double>(n.macs) / 1e6, 2) : "-",
               n.macs > 0 ? fixed(100 * n.mac_utilisation, 1) : "-",
               n.bound,
               fixed(100 * n.roofline_fraction, 1),
               lost_to(n),
               measured ? fixed(n.accuracy->cosine, 6) : "-",
               measured ? decibels(n.accuracy->sqnr_db) : "-",
               measured ? decibels(n.accuracy->ideal_sqnr_db) : "-",
               n.in_type + "/" + n.out_type,
               origin_of(n)},
              style.colour && n.on_cpu() ? kYellow : "");
  }
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

std::string kind_table(const RunResult& result, const TextStyle& style) {
  TextTable table({"Type", "ON", "Count>", "Time ms>", "Share %>", "DRAM>", "MMACs>", "MAC %>"});
  for (const KindSummary& kind : kinds_of(result.nodes))
    table.add(
        {elided(kind.op), to_string(kind.on), std::to_string(kind.count),
         fixed(result.time_ms(kind.cycles), 3),
         fixed(100.0 * static_cast<double>(kind.cycles) /
                   static_cast<double>(std::max<std::int64_t>(result.cycles, 1)),
               1),
         bytes_text(kind.dram_bytes), kind.macs > 0 ? fixed(static_cast<double>(kind.macs) / 1e6, 1) : "-",
         kind.macs > 0 ? fixed(100 * kind.mac_utilisation, 1) : "-"},
        style.colour && kind.on == Side::Cpu ? kYellow : "");
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

// `now_ms` as for text_of.
std::string advice_text(const std::vector<Advice>& advice, double now_ms, const TextStyle& style) {
  if (advice.empty()) return "";
  std::string text = "\n" + heading("What to change, by time won", style);
  for (const Advice& a : advice)
    text += "  " + (a.won_ms > 0 ? "[" + fixed(a.won_ms, 3) + " ms] " : std::string()) + text_of(a, now_ms) +
            "\n";
  return text;
}

std::string advice_text(const RunResult& result, const TextStyle& style) {
  return advice_text(result.advice, result.time_ms(result.cycles), style);
}

std::string engine_table(const RunResult& result) {
  TextTable table({"Engine", "Commands>", "Work %>", "dram>", "sram_bank>", "dependency>", "host>",
                   "dispatch>", "queue_empty>"});
  for (const EngineUse& use : result.engines) {
    const auto share = [&](Cause cause) {
      return fixed(100.0 * static_cast<double>(use.cycles[static_cast<std::size_t>(cause)]) /
                       static_cast<double>(std::max<std::int64_t>(result.cycles, 1)),
                   1);
    };
    table.add({use.name, grouped(use.commands), share(Cause::Work), share(Cause::Dram),
               share(Cause::SramBank), share(Cause::Dependency), share(Cause::Host), share(Cause::Dispatch),
               share(Cause::QueueEmpty)});
  }
  return table.str();
}

std::string totals(const RunResult& r) {
  const double ms = r.time_ms(r.cycles), bytes = static_cast<double>(r.dram_read_bytes + r.dram_write_bytes);
  const auto row = [](const std::string& name, const std::string& value) {
    return "  " + name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + value + "\n";
  };
  std::string text;
  const auto on_cpu =
      std::count_if(r.nodes.begin(), r.nodes.end(), [](const NodeResult& n) { return n.on_cpu(); });
  const auto segments = segments_of(r.nodes);
  text += row("operators", std::to_string(r.nodes.size()) + ": " +
                               std::to_string(static_cast<std::ptrdiff_t>(r.nodes.size()) - on_cpu) +
                               " on the BPU, " + std::to_string(on_cpu) + " on the CPU, in " +
                               std::to_string(segments.size()) +
                               (segments.size() == 1 ? " segment" : " segments"));
  if (const OutputAccuracy out = output_accuracy(r.nodes); out.known)
    text +=
        row("output", "cosine " + fixed(out.cosine, 6) + ", SQNR " + decibels(out.sqnr_db) +
                          (out.sqnr_db >= kExactDb ? "" : " dB") + " (the worst of the network's outputs)");
  text += row("cycles", grouped(r.cycles) + " (BPU " + grouped(r.bpu_cycles) + ", host " +
                            grouped(r.host_cycles) + ")");
  text += row("time", fixed(ms, 3) + " ms (BPU " + fixed(r.time_ms(r.bpu_cycles), 3) + ", host " +
                          fixed(r.time_ms(r.host_cycles), 3) + ")");
  text +=
      row("DRAM", bytes_text(r.dram_read_bytes) + " read, " + bytes_text(r.dram_write_bytes) + " written");
  text +=
      row("bandwidth", fixed(bytes / (ms * 1e6), 2) + " GB/s on average, " + fixed(r.peak_bandwidth_gbps, 2) +
                           " in the busiest 4096 cycles, " + fixed(r.pin_bandwidth_gbps, 2) + " at the pins");
  const std::int64_t bursts = r.row_hits + r.row_misses + r.row_conflicts;
  if (bursts > 0)
    text += row("DRAM rows", fixed(100.0 * static_cast<double>(r.row_hits) / static_cast<double>(bursts), 1) +
                                 " % of bursts hit an open row");
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
  text += row("engine cycles lost to", causes);
  text += row("SRAM high-water mark",
              bytes_text(r.sram_high_water_bytes) + " of " + bytes_text(r.sram_bytes) + " a core");
  text += row("simulated / wall", fixed(ms / 1000 / r.wall_seconds * 1000, 3) +
                                      " ms of machine time a second of wall time (" +
                                      fixed(r.wall_seconds, 2) + " s)");
  return text;
}

}  // namespace

std::string heading(const std::string& text, const TextStyle& style) {
  return (style.colour ? kBold + text + kPlain : text) + "\n";
}

std::string text_report(const RunResult& result, const TextStyle& style) {
  std::string text = result.name + " on " + result.machine + ", policy " + result.policy + "\n\n" +
                     heading("Totals", style) + totals(result) + "\n" + heading("Kinds of operators", style) +
                     kind_table(result, style) + advice_text(result, style) + "\n" +
                     nodes_part(result, style) + "\n" + heading("Where and why", style) + reasons(result) +
                     "\n" + heading("Cycles of each engine by cause, in % of the run", style) +
                     engine_table(result);
  const std::string quantisation = text_quantisation(result);
  if (!quantisation.empty()) text += "\n" + quantisation;
  std::int64_t overflows = 0;
  for (const NodeResult& n : result.nodes) overflows += n.overflows;
  if (overflows > 0)
    text += "\n" + std::string(style.colour ? kRed : "") + "WARNING: accumulators wrapped " +
            grouped(overflows) + " times; results are wrong where they did" + (style.colour ? kPlain : "") +
            "\n";
  return text;
}

std::string text_placement(const CheckResult& result, const TextStyle& style) {
  TextTable table({"Node", "Type", "Shape", "ON", "Why", "Source"});
  for (const PlacedNode& n : result.nodes)
    table.add({elided(n.name), elided(n.op), n.shape, to_string(n.on), n.reason, n.source},
              !style.colour || n.on == Side::Bpu ? ""
              : n.on == Side::Cpu                ? kYellow
                                                 : kRed);
  return table.str() + advice_text(result.advice, 0, style);
}

}  // namespace bpusim
