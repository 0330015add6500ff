// The tables of metrics: every field of a result is read, by the metric that says so.
#include "sim/result/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/report/metric_text.h"

namespace bpusim {
namespace {

using Names = std::set<std::string>;

void alter(std::string& field) {
  field += "x";
}
void alter(std::vector<std::string>& field) {
  field.push_back("x");
}
void alter(bool& field) {
  field = !field;
}
void alter(Side& field) {
  field = field == Side::Bpu ? Side::Cpu : Side::Bpu;
}
void alter(Bound& field) {
  field = field == Bound::Dram ? Bound::Mac : Bound::Dram;
}
void alter(ConformanceCase::Status& field) {
  field = ConformanceCase::Status::Failed;
}
template <class Number>
void alter(Number& field) {
  field += 1;
}

// Changes one field after another of a result and says which metrics see it.
template <class Of>
class Fields {
 public:
  /// `changed` holds the fields that are altered; `read` is what the metrics are of, and refers to it.
  Fields(const std::vector<Metric<Of>>& metrics, const Of& read) : metrics_(metrics), read_(read) {}

  /// The field is what these metrics read, and no others.
  template <class Field>
  void expect(Field& field, const Names& names) {
    const Field kept = field;
    std::vector<Value> before;
    for (const Metric<Of>& metric : metrics_) before.push_back(metric.read(read_));
    alter(field);
    Names seen;
    for (std::size_t m = 0; m < metrics_.size(); ++m)
      if (metrics_[m].read(read_) != before[m]) seen.insert(metrics_[m].name);
    field = kept;
    EXPECT_EQ(seen, names);
    read_by_some_.insert(seen.begin(), seen.end());
  }

  /// No metric is left that reads none of the fields.
  void expect_all_read() const {
    for (const Metric<Of>& metric : metrics_) EXPECT_EQ(read_by_some_.count(metric.name), 1U) << metric.name;
    EXPECT_EQ(read_by_some_.size(), metrics_.size()) << "two metrics have the same name";
  }

 private:
  const std::vector<Metric<Of>>& metrics_;
  const Of& read_;
  Names read_by_some_;
};

// The structured bindings below name every field: with one more or less they do not compile. A new field
// wants a metric, and a line here.
TEST(Metrics, EveryFieldOfANodeIsReadByOneMetric) {
  NodeResult node;
  node.accuracy.emplace();
  Fields<NodeResult> fields(node_metrics(), node);
  auto& [name, op, reason, shape, mapping, in_type, out_type, bound, on, origin, fused, segment, cycles,
         under_way_cycles, time_ms, share, dram_read_bytes, dram_write_bytes, bandwidth_gbps,
         roofline_fraction, macs, mac_utilisation, weight_bytes, activation_bytes, overflows, output,
         threshold, causes, statistics_error, accuracy] = node;
  fields.expect(name, {"name"});
  fields.expect(op, {"op"});
  fields.expect(reason, {"reason"});
  fields.expect(shape, {"shape"});
  fields.expect(mapping, {"mapping"});
  fields.expect(bound, {"bound"});
  fields.expect(in_type, {"in_type"});
  fields.expect(out_type, {"out_type"});
  fields.expect(on, {"on"});
  fields.expect(origin, {"origin"});
  fields.expect(fused, {"fused"});
  fields.expect(segment, {"segment"});
  fields.expect(cycles, {"cycles"});
  fields.expect(under_way_cycles, {"under_way_cycles"});
  fields.expect(time_ms, {"time_ms"});
  fields.expect(share, {"share"});
  fields.expect(dram_read_bytes, {"dram_read_bytes"});
  fields.expect(dram_write_bytes, {"dram_write_bytes"});
  fields.expect(bandwidth_gbps, {"bandwidth_gbps"});
  fields.expect(roofline_fraction, {"roofline_fraction"});
  fields.expect(macs, {"macs"});
  fields.expect(mac_utilisation, {"mac_utilisation"});
  fields.expect(weight_bytes, {"weight_bytes"});
  fields.expect(activation_bytes, {"activation_bytes"});
  fields.expect(overflows, {"overflows"});
  fields.expect(output, {"output"});
  fields.expect(threshold, {"threshold"});
  fields.expect(statistics_error, {"statistics_error"});
  // What is derived of them is read as well: from 1000 cycles each, one more for work makes engines busier,
  // and one more for a cause makes them wait for that one most, but for the first, which they name already.
  causes.fill(1000);
  const auto waits_for_more = [&](std::size_t c) {
    const auto cause = static_cast<Cause>(c);
    return cause != Cause::Work && cause != Cause::Dram && cause != Cause::QueueEmpty;
  };
  for (std::size_t c = 0; c < kCauses; ++c) {
    Names names = {std::string("engine_cycles.") + to_string(static_cast<Cause>(c)), "busy"};
    if (waits_for_more(c)) names.insert("waits_for");
    fields.expect(causes[c], names);
  }
  auto& [sqnr_db, cosine, max_abs_error, mean_abs_error, ideal_exact, ideal_within, ideal_sqnr_db,
         ideal_loss_db] = *accuracy;
  fields.expect(sqnr_db, {"accuracy.sqnr_db"});
  fields.expect(cosine, {"accuracy.cosine"});
  fields.expect(max_abs_error, {"accuracy.max_abs_error"});
  fields.expect(mean_abs_error, {"accuracy.mean_abs_error"});
  fields.expect(ideal_exact, {"accuracy.ideal_exact_fraction"});
  fields.expect(ideal_within, {"accuracy.ideal_within_1lsb_fraction"});
  fields.expect(ideal_sqnr_db, {"accuracy.ideal_sqnr_db"});
  fields.expect(ideal_loss_db, {"accuracy.ideal_loss_db"});
  fields.expect_all_read();
}

// Copies on chip are one as well; what is not among the choices is no result by the schema.
TEST(Metrics, EveryBoundIsAChoice) {
  const std::vector<std::string> choices = metric_of(node_metrics(), "bound").choices;
  const std::vector<std::string> bounds = {"dram",      "dma_load", "dma_store", "sram", "mac",
                                           "reduction", "vector",   "host",      "-"};
  EXPECT_EQ(choices, bounds);
}

// Two nodes, an output each; figures that no two fields share.
RunResult two_nodes() {
  RunResult run;
  run.clock_mhz = 1000;
  run.cycles = 3000;
  run.dram_read_bytes = 100;
  run.engines.resize(1);
  run.nodes.resize(2);
  run.nodes[0].name = "first";
  run.nodes[1].name = "second";
  for (NodeResult& node : run.nodes) {
    node.segment = 1;
    node.cycles = 1500;
    node.output = true;
    node.accuracy.emplace();
  }
  return run;
}

TEST(Metrics, EveryFieldOfARunIsReadByAMetricOrIsAList) {
  RunResult run = two_nodes();
  Fields<RunResult> fields(run_metrics(), run);
  auto& [name, machine, policy, clock_mhz, function, nodes, outputs, quantised, engines, advice, warnings,
         notes, of_toolchain, cycles, bpu_cycles, host_cycles, dram_read_bytes, dram_write_bytes,
         peak_bandwidth_gbps, pin_bandwidth_gbps, sram_bytes, sram_high_water_bytes, row_hits, row_misses,
         row_conflicts, wall_seconds, identity, making] = run;
  bpu_cycles = host_cycles = 10;
  fields.expect(name, {"name"});
  fields.expect(machine, {"machine.name"});
  fields.expect(policy, {"policy"});
  fields.expect(clock_mhz, {"machine.clock_mhz", "total.time_ms", "total.bpu_ms", "total.host_ms",
                            "total.bandwidth_gbps", "total.fps"});
  fields.expect(function, {"function"});
  fields.expect(cycles, {"total.cycles", "total.time_ms", "total.bandwidth_gbps", "total.fps"});
  fields.expect(bpu_cycles, {"total.bpu_cycles", "total.bpu_ms"});
  fields.expect(host_cycles, {"total.host_cycles", "total.host_ms"});
  fields.expect(dram_read_bytes, {"total.dram_read_bytes", "total.dram_bytes", "total.bandwidth_gbps"});
  fields.expect(dram_write_bytes, {"total.dram_write_bytes", "total.dram_bytes", "total.bandwidth_gbps"});
  fields.expect(peak_bandwidth_gbps, {"total.peak_bandwidth_gbps"});
  fields.expect(pin_bandwidth_gbps, {"total.pin_bandwidth_gbps"});
  fields.expect(sram_bytes, {"total.sram_bytes"});
  fields.expect(sram_high_water_bytes, {"total.sram_high_water_bytes"});
  fields.expect(row_hits, {"total.row_hits"});
  fields.expect(row_misses, {"total.row_misses"});
  fields.expect(row_conflicts, {"total.row_conflicts"});
  fields.expect(wall_seconds, {"host.wall_seconds"});
  fields.expect(identity.seed, {});  // has a table of its own
  for (std::size_t c = 1; c < kCauses; ++c)
    fields.expect(engines[0].cycles[c], {"stalls." + std::string(to_string(static_cast<Cause>(c)))});
  // What the run's metrics read of its nodes; of two outputs, the worse one's figure.
  fields.expect(nodes[0].macs, {"nodes.macs"});
  fields.expect(nodes[0].overflows, {"nodes.overflows"});
  fields.expect(nodes[0].on, {"nodes.on_bpu", "nodes.on_cpu"});
  fields.expect(nodes[1].segment, {"segments.count"});
  nodes[0].accuracy->cosine = nodes[0].accuracy->sqnr_db = -1;
  fields.expect(nodes[0].accuracy->cosine, {"output.cosine"});
  fields.expect(nodes[0].accuracy->sqnr_db, {"output.sqnr_db"});
  fields.expect(nodes[1].accuracy->cosine, {});
  EXPECT_EQ(std::get<std::int64_t>(find_metric("nodes.count")->read(run)), 2);
  // Lists, which have tables of their own or are parts of the quantisation.
  EXPECT_EQ(nodes.size() + outputs.size() + engines.size() + advice.size() + quantised.has_value(), 3U);
  fields.expect(notes, {"notes"});
  fields.expect(of_toolchain, {});  // which table the text begins with, no figure
  making = {"bpusim run", "now"};
  EXPECT_EQ(std::get<std::string>(find_metric("host.command")->read(run)), "bpusim run");
  EXPECT_EQ(std::get<std::string>(find_metric("host.time")->read(run)), "now");
  warnings = {"doubtful"};
  EXPECT_EQ(std::get<std::vector<std::string>>(find_metric("warnings")->read(run)), warnings);
}

TEST(Metrics, EveryFieldOfEnginesKindsAndSegmentsIsRead) {
  RunResult run = two_nodes();
  EngineUse use;
  const PartOf<EngineUse> engine{run, use};
  Fields<PartOf<EngineUse>> engines(engine_metrics(), engine);
  {
    auto& [name, unit, core, cycles, commands] = use;
    engines.expect(name, {"name"});
    engines.expect(unit, {"unit"});
    engines.expect(core, {"core"});
    engines.expect(commands, {"commands"});
    engines.expect(cycles[0], {"cycles.work", "utilisation"});
    for (std::size_t c = 1; c < kCauses; ++c)
      engines.expect(cycles[c], {"cycles." + std::string(to_string(static_cast<Cause>(c)))});
  }
  engines.expect_all_read();
  KindSummary summary;
  const PartOf<KindSummary> kind{run, summary};
  Fields<PartOf<KindSummary>> kinds(kind_metrics(), kind);
  {
    auto& [op, on, count, cycles, dram_bytes, macs, mac_utilisation] = summary;
    kinds.expect(op, {"op"});
    kinds.expect(on, {"on"});
    kinds.expect(count, {"count"});
    kinds.expect(cycles, {"cycles", "time_ms", "share"});
    kinds.expect(dram_bytes, {"dram_bytes"});
    kinds.expect(macs, {"macs"});
    kinds.expect(mac_utilisation, {"mac_utilisation"});
  }
  kinds.expect_all_read();
  SegmentSummary stretch;
  stretch.count = 1;
  const PartOf<SegmentSummary> segment{run, stretch};
  Fields<PartOf<SegmentSummary>> segments(segment_metrics(), segment);
  {
    auto& [number, on, first, count, cycles] = stretch;
    segments.expect(number, {"segment"});
    segments.expect(on, {"on"});
    segments.expect(first, {"nodes"});
    segments.expect(count, {"nodes"});
    segments.expect(cycles, {"time_ms"});
  }
  segments.expect_all_read();
}

TEST(Metrics, EveryFieldOfPlacesAndCasesIsRead) {
  PlacedNode node;
  Fields<PlacedNode> places(placed_node_metrics(), node);
  {
    auto& [name, op, shape, reason, source, on, segment, macs, parameters] = node;
    places.expect(name, {"name"});
    places.expect(op, {"op"});
    places.expect(shape, {"shape"});
    places.expect(reason, {"reason"});
    places.expect(source, {"source"});
    places.expect(on, {"on"});
    places.expect(segment, {"segment"});
    places.expect(macs, {"macs"});
    places.expect(parameters, {"parameters"});
  }
  places.expect_all_read();
  ConformanceCase one;
  one.int8.emplace();
  Fields<ConformanceCase> cases(conformance_metrics(), one);
  {
    auto& [name, op, reason, status, golden_max_error, int8] = one;
    cases.expect(name, {"name"});
    cases.expect(op, {"op"});
    cases.expect(reason, {"reason"});
    cases.expect(status, {"status"});
    cases.expect(golden_max_error, {"golden_max_error"});
    cases.expect(int8->sqnr_db, {"sqnr_db"});
    cases.expect(int8->ideal_sqnr_db, {"ideal_sqnr_db"});
  }
  cases.expect_all_read();
}

TEST(Metrics, AreFoundByNameAndReadAsNumbers) {
  const RunResult run = two_nodes();
  // 3000 cycles at 1000 MHz.
  EXPECT_DOUBLE_EQ(as_number(find_metric("total.time_ms")->read(run)).value(), 0.003);
  EXPECT_EQ(find_metric("total.time"), nullptr);
  EXPECT_EQ(find_metric("total.time_ms")->unit, "ms");
  EXPECT_EQ(find_metric("total.time_ms")->type, ValueType::Number);
  EXPECT_EQ(find_metric(node_metrics(), "fused")->type, ValueType::Names);
  EXPECT_THROW(metric_of(node_metrics(), "total.time_ms"), std::logic_error);
  // Without function there is no accuracy, and no number.
  RunResult timing = run;
  for (NodeResult& node : timing.nodes) node.accuracy.reset();
  EXPECT_TRUE(find_metric("output.cosine")->optional);
  EXPECT_FALSE(as_number(find_metric("output.cosine")->read(timing)).has_value());
  EXPECT_FALSE(as_number(find_metric("name")->read(run)).has_value());
  EXPECT_EQ(as_number(find_metric("function")->read(run)), 1.0);
}

TEST(Metrics, EachHasAMeaning) {
  const auto check = [](const auto& table) {
    for (const MetricInfo& metric : table) EXPECT_FALSE(metric.meaning.empty()) << metric.name;
  };
  check(run_metrics());
  check(node_metrics());
  check(engine_metrics());
  check(kind_metrics());
  check(segment_metrics());
  check(placed_node_metrics());
  check(conformance_metrics());
}

// A run that takes no time has no bandwidth: 0 bytes over 0 ms.
TEST(Metrics, AShareOfNothingIsADash) {
  EXPECT_EQ(text_of(RunResult(), "total.bandwidth_gbps"), "-");
}

}  // namespace
}  // namespace bpusim
