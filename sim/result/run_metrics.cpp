#include <algorithm>

#include "sim/result/cause_metrics.h"
#include "sim/result/metrics.h"

namespace bpusim {

namespace {

double gigabytes_a_second(const RunResult& r) {
  return static_cast<double>(r.dram_read_bytes + r.dram_write_bytes) / (r.time_ms(r.cycles) * 1e6);
}

double share_of_run(std::int64_t cycles, const RunResult& run) {
  return static_cast<double>(cycles) / static_cast<double>(std::max<std::int64_t>(run.cycles, 1));
}

CauseCycles all_engines(const RunResult& r) {
  CauseCycles all{};
  for (const EngineUse& use : r.engines)
    for (std::size_t c = 0; c < kCauses; ++c) all[c] += use.cycles[c];
  return all;
}

std::int64_t nodes_on(const RunResult& r, bool cpu) {
  return std::count_if(r.nodes.begin(), r.nodes.end(),
                       [&](const NodeResult& n) { return n.on_cpu() == cpu; });
}

// Of the worst of the outputs.
template <double OutputAccuracy::*figure>
std::optional<double> of_outputs(const RunResult& r) {
  const OutputAccuracy out = output_accuracy(r.nodes);
  return out.known ? std::optional<double>(out.*figure) : std::nullopt;
}

std::optional<double> runs_a_second(const RunResult& r) {
  return r.cycles > 0 ? std::optional<double>(1000 / r.time_ms(r.cycles)) : std::nullopt;
}

template <std::int64_t RunResult::*cycles>
double ms_of(const RunResult& r) {
  return r.time_ms(r.*cycles);
}

std::vector<RunMetric> what_ran_and_how_long() {
  const Shown ms = Shown::time();
  return {
      RunMetric("name", "", "name of the run file or model", &RunResult::name),
      RunMetric("machine.name", "", "machine", &RunResult::machine),
      RunMetric("machine.clock_mhz", "MHz", "clock of the BPU, in which all cycles are",
                &RunResult::clock_mhz),
      RunMetric("policy", "", "support policy", &RunResult::policy),
      RunMetric("function", "", "with values; else timing only", &RunResult::function),
      RunMetric("warnings", "",
                "what is doubtful about the values, and choices of the run that changed nothing",
                &RunResult::warnings),
      RunMetric("notes", "",
                "what the run's file asks for that is not modelled, or is read as something else",
                &RunResult::notes),
      RunMetric("total.cycles", "cycles", "of the whole run", &RunResult::cycles)
          .column("", Shown::grouped()),
      RunMetric("total.time_ms", "ms", "of the whole run", ms_of<&RunResult::cycles>).column("", ms),
      RunMetric("total.bpu_cycles", "cycles", "in programs of the BPU", &RunResult::bpu_cycles)
          .column("", Shown::grouped()),
      RunMetric("total.bpu_ms", "ms", "in programs of the BPU", ms_of<&RunResult::bpu_cycles>).column("", ms),
      RunMetric("total.host_cycles", "cycles", "in operators on the CPU", &RunResult::host_cycles)
          .column("", Shown::grouped()),
      RunMetric("total.host_ms", "ms", "in operators on the CPU", ms_of<&RunResult::host_cycles>)
          .column("", ms),
  };
}

std::vector<RunMetric> memory() {
  const Shown bytes = Shown::bytes(), gbps = Shown::fixed(2);
  return {
      RunMetric("total.dram_read_bytes", "B", "bytes that DMA and CPU asked for", &RunResult::dram_read_bytes)
          .column("", bytes),
      RunMetric("total.dram_write_bytes", "B", "bytes that DMA and CPU wrote", &RunResult::dram_write_bytes)
          .column("", bytes),
      RunMetric("total.bandwidth_gbps", "GB/s", "both over the run; null where it takes no time",
                gigabytes_a_second)
          .column("", gbps)
          .not_always_finite(),
      RunMetric("total.peak_bandwidth_gbps", "GB/s", "in the busiest 4096 cycles",
                &RunResult::peak_bandwidth_gbps)
          .column("", gbps),
      RunMetric("total.pin_bandwidth_gbps", "GB/s", "most that the DRAM's pins carry",
                &RunResult::pin_bandwidth_gbps)
          .column("", gbps),
      RunMetric("total.sram_high_water_bytes", "B", "most SRAM of a core that was in use",
                &RunResult::sram_high_water_bytes)
          .column("", bytes),
      RunMetric("total.sram_bytes", "B", "SRAM of a core", &RunResult::sram_bytes).column("", bytes),
      RunMetric("total.row_hits", "bursts", "that found their DRAM row open", &RunResult::row_hits),
      RunMetric("total.row_misses", "bursts", "that found no row open in their bank", &RunResult::row_misses),
      RunMetric("total.row_conflicts", "bursts", "that found another row open in their bank",
                &RunResult::row_conflicts),
  };
}

}  // namespace

const std::vector<RunMetric>& total_metrics() {
  static const std::vector<RunMetric> table = joined<RunResult>({what_ran_and_how_long(), memory()});
  return table;
}

const std::vector<RunMetric>& stall_metrics() {
  static const std::vector<RunMetric> table = cause_metrics<RunResult>(
      "stalls", "cycles of all engines that are no work, by cause", false, all_engines);
  return table;
}

const std::vector<RunMetric>& summary_metrics() {
  static const std::vector<RunMetric> table = {
      RunMetric("nodes.count", "", "nodes that ran", [](const RunResult& r) { return r.nodes.size(); }),
      RunMetric("nodes.on_bpu", "", "nodes on the BPU",
                [](const RunResult& r) { return nodes_on(r, false); }),
      RunMetric("nodes.on_cpu", "", "nodes on the CPU", [](const RunResult& r) { return nodes_on(r, true); }),
      RunMetric("nodes.macs", "MACs", "multiply-accumulates of all nodes",
                [](const RunResult& r) {
                  std::int64_t macs = 0;
                  for (const NodeResult& n : r.nodes) macs += n.macs;
                  return macs;
                })
          .column("", Shown::macs()),
      RunMetric("nodes.overflows", "", "accumulators that wrapped, in all nodes",
                [](const RunResult& r) {
                  std::int64_t overflows = 0;
                  for (const NodeResult& n : r.nodes) overflows += n.overflows;
                  return overflows;
                })
          .column("", Shown::grouped()),
      RunMetric("segments.count", "", "stretches of nodes on one side",
                [](const RunResult& r) { return segments_of(r.nodes).size(); }),
      RunMetric("total.fps", "FPS", "runs a second, one behind the other; null where a run takes no time",
                runs_a_second)
          .column("", Shown::fixed(1)),
      RunMetric("total.dram_bytes", "B", "DRAM traffic: read and written",
                [](const RunResult& r) { return r.dram_read_bytes + r.dram_write_bytes; })
          .column("", Shown::bytes()),
      RunMetric("output.cosine", "", "similarity to golden of the worst output; null where none is measured",
                of_outputs<&OutputAccuracy::cosine>)
          .column("", Shown::fixed(6))
          .not_always_finite(),
      RunMetric("output.sqnr_db", "dB", "SQNR of the worst output; null where none is measured",
                of_outputs<&OutputAccuracy::sqnr_db>)
          .column("", Shown::fixed(2))
          .not_always_finite(),
  };
  return table;
}

const std::vector<RunMetric>& run_metrics() {
  static const std::vector<RunMetric> table =
      joined<RunResult>({total_metrics(), stall_metrics(), host_metrics(), summary_metrics()});
  return table;
}

const RunMetric* find_metric(const std::string& name) {
  return find_metric(run_metrics(), name);
}

const std::vector<EngineMetric>& engine_metrics() {
  using Part = PartOf<EngineUse>;
  static const std::vector<EngineMetric> table = joined<Part>(
      {{
           EngineMetric("name", "", "engine with its core, as in `core0.vector`",
                        [](const Part& e) { return e.part.name; })
               .column("Engine"),
           EngineMetric("unit", "", "kind of engine", [](const Part& e) { return e.part.unit; })
               .one_of({"dma_load", "dma_store", "mac", "reduction", "vector", "sfu", "host"}),
           EngineMetric("core", "", "core that it belongs to; 0 for the CPU",
                        [](const Part& e) { return e.part.core; }),
           EngineMetric("commands", "", "commands that it ran", [](const Part& e) { return e.part.commands; })
               .column("Commands", Shown::grouped()),
           EngineMetric("utilisation", "", "share of the run's cycles in which it worked",
                        [](const Part& e) { return share_of_run(e.part.cycles[0], e.run); })
               .column("Work %", Shown::fixed(1, 100)),
       },
       cause_metrics<Part>("cycles", "its cycles by cause; they add up to the run", true,
                           [](const Part& e) { return e.part.cycles; })});
  return table;
}

const std::vector<SegmentMetric>& segment_metrics() {
  using Part = PartOf<SegmentSummary>;
  static const std::vector<SegmentMetric> table = {
      SegmentMetric("segment", "", "its number", [](const Part& s) { return s.part.number; }),
      SegmentMetric("on", "", "side that its nodes run on",
                    [](const Part& s) { return to_string(s.part.on); })
          .one_of({"BPU", "CPU"}),
      SegmentMetric("time_ms", "ms", "of its nodes together",
                    [](const Part& s) { return s.run.time_ms(s.part.cycles); }),
      SegmentMetric("nodes", "", "names of its nodes",
                    [](const Part& s) {
                      std::vector<std::string> names;
                      for (std::size_t n = s.part.first; n < s.part.first + s.part.count; ++n)
                        names.push_back(s.run.nodes[n].name);
                      return names;
                    }),
  };
  return table;
}

const std::vector<KindMetric>& kind_metrics() {
  using Part = PartOf<KindSummary>;
  static const std::vector<KindMetric> table = {
      KindMetric("op", "", "operator", [](const Part& k) { return k.part.op; }).column("Type"),
      KindMetric("on", "", "side that its nodes run on", [](const Part& k) { return to_string(k.part.on); })
          .column("ON")
          .one_of({"BPU", "CPU"}),
      KindMetric("count", "", "nodes", [](const Part& k) { return k.part.count; }).column("Count"),
      KindMetric("cycles", "cycles", "of its nodes together", [](const Part& k) { return k.part.cycles; }),
      KindMetric("time_ms", "ms", "of its nodes together",
                 [](const Part& k) { return k.run.time_ms(k.part.cycles); })
          .column("Time", Shown::time()),
      KindMetric("share", "", "of the run's cycles",
                 [](const Part& k) { return share_of_run(k.part.cycles, k.run); })
          .column("Share %", Shown::fixed(1, 100)),
      KindMetric("dram_bytes", "B", "DRAM traffic: read and written",
                 [](const Part& k) { return k.part.dram_bytes; })
          .column("DRAM", Shown::bytes()),
      KindMetric("macs", "MACs", "multiply-accumulates", [](const Part& k) { return k.part.macs; })
          .column("MACs", Shown::macs()),
      KindMetric("mac_utilisation", "", "`macs` over all MACs of all cores in the kind's `cycles`",
                 [](const Part& k) { return k.part.mac_utilisation; })
          .column("MAC %", Shown::fixed(1, 100)),
  };
  return table;
}

}  // namespace bpusim
