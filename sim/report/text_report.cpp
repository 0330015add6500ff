#include <cmath>
#include <map>

#include "sim/report/quantisation_report.h"
#include "sim/report/report.h"
#include "sim/report/text_table.h"

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

std::string node_table(const RunResult& result) {
  TextTable table({"Node", "ON", "Subgraph>", "Type", "Shape", "Mapping", "Cycles>", "Time us>", "DRAM read>",
                   "DRAM write>", "GB/s>", "Bound", "Roofline %>", "Lost to", "Cosine>", "SQNR dB>",
                   "ideal dB>", "In/Out type"});
  for (const NodeResult& n : result.nodes) {
    const bool measured = n.accuracy.has_value();
    table.add({n.name, n.on, std::to_string(n.segment), n.op, n.shape, n.mapping, grouped(n.cycles),
               fixed(n.time_ms * 1000, 1), bytes_text(n.dram_read_bytes), bytes_text(n.dram_write_bytes),
               fixed(n.bandwidth_gbps, 2), n.bound, fixed(100 * n.roofline_fraction, 1), lost_to(n),
               measured ? fixed(n.accuracy->cosine, 6) : "-", measured ? decibels(n.accuracy->sqnr_db) : "-",
               measured ? decibels(n.accuracy->ideal_sqnr_db) : "-", n.in_type + "/" + n.out_type});
  }
  return table.str();
}

std::string reasons(const RunResult& result) {
  std::map<std::string, std::string> nodes;  // by operator, side and reason
  std::vector<std::string> order;
  for (const NodeResult& n : result.nodes) {
    const std::string key = n.op + " on " + n.on + ": " + n.reason;
    if (nodes.emplace(key, "").second) order.push_back(key);
  }
  std::string text = "Where and why\n";
  for (const std::string& key : order) text += "  " + key + "\n";
  return text;
}

std::string advice_text(const std::vector<Advice>& advice) {
  if (advice.empty()) return "";
  std::string text = "\nWhat to change\n";
  for (const Advice& a : advice) text += "  " + a.text + "\n";
  return text;
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
    table.add({use.engine.name, grouped(use.commands), share(Cause::Work), share(Cause::Dram),
               share(Cause::SramBank), share(Cause::Dependency), share(Cause::Host), share(Cause::Dispatch),
               share(Cause::QueueEmpty)});
  }
  return "Cycles of each engine by cause, in % of the run\n" + table.str();
}

std::string totals(const RunResult& r) {
  const double ms = r.time_ms(r.cycles), bytes = static_cast<double>(r.dram_read_bytes + r.dram_write_bytes);
  const auto row = [](const std::string& name, const std::string& value) {
    return "  " + name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + value + "\n";
  };
  std::string text = "Totals\n";
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

std::string text_report(const RunResult& result) {
  std::string text = result.name + " on " + result.machine + ", policy " + result.policy + "\n\n" +
                     node_table(result) + "\n" + reasons(result) + advice_text(result.advice) + "\n" +
                     engine_table(result) + "\n" + totals(result);
  const std::string quantisation = text_quantisation(result);
  if (!quantisation.empty()) text += "\n" + quantisation;
  std::int64_t overflows = 0;
  for (const NodeResult& n : result.nodes) overflows += n.overflows;
  if (overflows > 0)
    text += "\nWARNING: accumulators wrapped " + grouped(overflows) +
            " times; results are wrong where they did\n";
  return text;
}

std::string text_placement(const CheckResult& result) {
  TextTable table({"Node", "Type", "Shape", "ON", "Why", "Source"});
  for (const PlacedNode& n : result.nodes) table.add({n.name, n.op, n.shape, n.on, n.reason, n.source});
  return table.str() + advice_text(result.advice);
}

}  // namespace bpusim
