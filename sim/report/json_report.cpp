#include <nlohmann/json.hpp>

#include "sim/report/advice_text.h"
#include "sim/report/quantisation_report.h"
#include "sim/report/report.h"
#include "sim/result/summary.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

Json accuracy_json(const Accuracy& a) {
  return {{"sqnr_db", a.sqnr_db},
          {"cosine", a.cosine},
          {"max_abs_error", a.max_abs_error},
          {"mean_abs_error", a.mean_abs_error},
          {"ideal_exact_fraction", a.ideal_exact_fraction},
          {"ideal_within_1lsb_fraction", a.ideal_within_1lsb_fraction},
          {"ideal_sqnr_db", a.ideal_sqnr_db},
          {"ideal_loss_db", a.ideal_loss_db}};
}

template <class Cycles>
Json causes_json(const Cycles& cycles, bool with_work) {
  Json causes = Json::object();
  for (int c = 0; c < kCauses; ++c)
    if (with_work || c != static_cast<int>(Cause::Work))
      causes[to_string(static_cast<Cause>(c))] = cycles[static_cast<std::size_t>(c)];
  return causes;
}

// `now_ms` as for text_of.
Json advice_json(const std::vector<Advice>& advice, double now_ms) {
  Json list = Json::array();
  for (const Advice& a : advice)
    list.push_back({{"id", a.id()},
                    {"text", text_of(a, now_ms)},
                    {"won_ms", a.won_ms},
                    {"run_ms", a.run_ms ? Json(*a.run_ms) : Json(nullptr)},
                    {"nodes", a.nodes}});
  return list;
}

Json node_json(const NodeResult& n) {
  Json node = {{"name", n.name},
               {"op", n.op},
               {"on", to_string(n.on)},
               {"reason", n.reason},
               {"segment", n.segment},
               {"shape", n.shape},
               {"mapping", n.mapping},
               {"cycles", n.cycles},
               {"under_way_cycles", n.under_way_cycles},
               {"time_ms", n.time_ms},
               {"dram_read_bytes", n.dram_read_bytes},
               {"dram_write_bytes", n.dram_write_bytes},
               {"bandwidth_gbps", n.bandwidth_gbps},
               {"bound", n.bound},
               {"roofline_fraction", n.roofline_fraction},
               {"macs", n.macs},
               {"mac_utilisation", n.mac_utilisation},
               {"weight_bytes", n.weight_bytes},
               {"activation_bytes", n.activation_bytes},
               {"in_type", n.in_type},
               {"out_type", n.out_type},
               {"origin", n.origin},
               {"fused", n.fused},
               {"output", n.output},
               {"overflows", n.overflows},
               {"statistics_error", n.statistics_error},
               {"engine_cycles", causes_json(n.causes, true)}};
  node["accuracy"] = n.accuracy ? accuracy_json(*n.accuracy) : Json(nullptr);
  return node;
}

Json segments_json(const RunResult& r) {
  Json list = Json::array();
  for (const SegmentSummary& segment : segments_of(r.nodes)) {
    Json names = Json::array();
    for (std::size_t n = segment.first; n < segment.first + segment.count; ++n)
      names.push_back(r.nodes[n].name);
    list.push_back({{"segment", segment.number},
                    {"on", to_string(segment.on)},
                    {"time_ms", r.time_ms(segment.cycles)},
                    {"nodes", std::move(names)}});
  }
  return list;
}

Json kinds_json(const RunResult& r) {
  Json list = Json::array();
  for (const KindSummary& kind : kinds_of(r.nodes))
    list.push_back({{"op", kind.op},
                    {"on", to_string(kind.on)},
                    {"count", kind.count},
                    {"cycles", kind.cycles},
                    {"time_ms", r.time_ms(kind.cycles)},
                    {"share", static_cast<double>(kind.cycles) /
                                  static_cast<double>(std::max<std::int64_t>(r.cycles, 1))},
                    {"dram_bytes", kind.dram_bytes},
                    {"macs", kind.macs},
                    {"mac_utilisation", kind.mac_utilisation}});
  return list;
}

}  // namespace

std::string json_report(const RunResult& r) {
  Json report;
  report["schema"] = "bpusim-run-1";
  report["name"] = r.name;
  report["machine"] = {{"name", r.machine}, {"clock_mhz", r.clock_mhz}};
  report["policy"] = r.policy;
  report["function"] = r.function;
  const double ms = r.time_ms(r.cycles);
  report["total"] = {
      {"cycles", r.cycles},
      {"time_ms", ms},
      {"bpu_cycles", r.bpu_cycles},
      {"bpu_ms", r.time_ms(r.bpu_cycles)},
      {"host_cycles", r.host_cycles},
      {"host_ms", r.time_ms(r.host_cycles)},
      {"dram_read_bytes", r.dram_read_bytes},
      {"dram_write_bytes", r.dram_write_bytes},
      {"bandwidth_gbps", static_cast<double>(r.dram_read_bytes + r.dram_write_bytes) / (ms * 1e6)},
      {"peak_bandwidth_gbps", r.peak_bandwidth_gbps},
      {"pin_bandwidth_gbps", r.pin_bandwidth_gbps},
      {"sram_high_water_bytes", r.sram_high_water_bytes},
      {"sram_bytes", r.sram_bytes},
      {"row_hits", r.row_hits},
      {"row_misses", r.row_misses},
      {"row_conflicts", r.row_conflicts},
      {"wall_seconds", r.wall_seconds}};
  CauseCycles all{};
  report["engines"] = Json::array();
  for (const EngineUse& use : r.engines) {
    for (std::size_t c = 0; c < kCauses; ++c) all[c] += use.cycles[c];
    report["engines"].push_back(
        {{"name", use.name},
         {"unit", use.unit},
         {"core", use.core},
         {"commands", use.commands},
         {"utilisation",
          static_cast<double>(use.cycles[0]) / static_cast<double>(std::max<std::int64_t>(r.cycles, 1))},
         {"cycles", causes_json(use.cycles, true)}});
  }
  report["stalls"] = causes_json(all, false);
  report["nodes"] = Json::array();
  for (const NodeResult& n : r.nodes) report["nodes"].push_back(node_json(n));
  report["segments"] = segments_json(r);
  report["kinds"] = kinds_json(r);
  report["quantisation"] = json_quantisation(r);
  report["advice"] = advice_json(r.advice, ms);
  return report.dump(2) + "\n";
}

std::string json_placement(const CheckResult& result) {
  Json list = Json::array();
  for (const PlacedNode& n : result.nodes)
    list.push_back({{"name", n.name},
                    {"op", n.op},
                    {"shape", n.shape},
                    {"on", to_string(n.on)},
                    {"reason", n.reason},
                    {"source", n.source}});
  return Json{{"schema", "bpusim-check-1"}, {"nodes", list}, {"advice", advice_json(result.advice, 0)}}.dump(
             2) +
         "\n";
}

}  // namespace bpusim
