#include <numeric>

#include "sim/result/cause_metrics.h"
#include "sim/result/metrics.h"

namespace bpusim {

namespace {

std::vector<std::string> all_bounds() {
  std::vector<std::string> names;
  names.reserve(kBounds);
  for (int b = 0; b < kBounds; ++b) names.emplace_back(to_string(static_cast<Bound>(b)));
  return names;
}

std::vector<NodeMetric> identity() {
  return {
      NodeMetric("name", "", "name in the run file or model", &NodeResult::name).column("Node"),
      NodeMetric("op", "", "operator; with `+` what is folded into it", &NodeResult::op).column("Type"),
      NodeMetric("on", "", "side that it runs on; `reason` says why",
                 [](const NodeResult& n) { return to_string(n.on); })
          .column("ON")
          .one_of({"BPU", "CPU"}),
      NodeMetric("reason", "", "why it runs there", &NodeResult::reason),
      NodeMetric("segment", "", "nodes between two changes of side share a number", &NodeResult::segment)
          .column("Segment"),
      NodeMetric("shape", "", "shape of its first input; empty where that is not known", &NodeResult::shape)
          .column("Shape"),
      NodeMetric("mapping", "", "how it is laid out on the engines, see architecture.md",
                 &NodeResult::mapping)
          .column("Mapping"),
  };
}

std::vector<NodeMetric> time_and_traffic() {
  return {
      NodeMetric("cycles", "cycles", "by which the node took the run further: rows add up to the run",
                 &NodeResult::cycles)
          .column("Cycles", Shown::grouped()),
      NodeMetric("under_way_cycles", "cycles",
                 "from the node's first command to its last; it may load while the one before it computes",
                 &NodeResult::under_way_cycles),
      NodeMetric("time_ms", "ms", "`cycles` as time", &NodeResult::time_ms).column("Time", Shown::time()),
      NodeMetric("share", "", "of the run's cycles", &NodeResult::share)
          .column("Share %", Shown::fixed(1, 100)),
      NodeMetric("dram_read_bytes", "B", "bytes that DMA and CPU asked for", &NodeResult::dram_read_bytes)
          .column("DRAM read", Shown::bytes()),
      NodeMetric("dram_write_bytes", "B", "bytes that DMA and CPU wrote", &NodeResult::dram_write_bytes)
          .column("DRAM write", Shown::bytes()),
      NodeMetric("bandwidth_gbps", "GB/s", "both over the time of `under_way_cycles`",
                 &NodeResult::bandwidth_gbps)
          .column("GB/s", Shown::fixed(2)),
  };
}

std::vector<NodeMetric> arithmetic() {
  return {
      NodeMetric("bound", "", "what the roofline is made of; `-` where nothing ran",
                 [](const NodeResult& n) { return to_string(n.bound); })
          .column("Bound")
          .one_of(all_bounds()),
      NodeMetric("roofline_fraction", "", "least possible cycles over `under_way_cycles`",
                 &NodeResult::roofline_fraction)
          .column("Roofline %", Shown::fixed(1, 100)),
      NodeMetric("macs", "MACs", "multiply-accumulates of the operator", &NodeResult::macs)
          .column("MACs", Shown::macs()),
      NodeMetric("mac_utilisation", "", "`macs` over all MACs of all cores in the node's `cycles`",
                 &NodeResult::mac_utilisation)
          .column("MAC %", Shown::fixed(1, 100)),
      NodeMetric("weight_bytes", "B", "constants from DRAM: weights, affine entries",
                 &NodeResult::weight_bytes),
      NodeMetric("activation_bytes", "B", "tensors read and made, each once, wherever they are",
                 &NodeResult::activation_bytes),
  };
}

std::vector<NodeMetric> values() {
  return {
      NodeMetric("in_type", "", "element type of its first input", &NodeResult::in_type).column("In"),
      NodeMetric("threshold", "", "largest magnitude on the grid of its first input; 0 where it is on none",
                 &NodeResult::threshold),
      NodeMetric("out_type", "", "element type of its output", &NodeResult::out_type).column("Out"),
      NodeMetric("origin", "", "operators and nodes that a rule put together to this one",
                 &NodeResult::origin)
          .column("Recognised from"),
      NodeMetric("fused", "", "nodes that run as part of it", &NodeResult::fused).column("Fused"),
      NodeMetric("output", "", "it makes an output of the network", &NodeResult::output),
      NodeMetric("overflows", "", "accumulators that wrapped", &NodeResult::overflows),
      NodeMetric("statistics_error", "",
                 "error of running statistics against golden, over the largest magnitude",
                 &NodeResult::statistics_error)
          .not_always_finite(),
  };
}

std::int64_t sum_of(const CauseCycles& cycles) {
  return std::accumulate(cycles.begin(), cycles.end(), std::int64_t{0});
}

std::optional<double> busy(const NodeResult& n) {
  const std::int64_t all = sum_of(n.causes);
  return all > 0 ? std::optional<double>(static_cast<double>(n.causes[0]) / static_cast<double>(all))
                 : std::nullopt;
}

// What there is to wait for: all causes but work, and having nothing to do.
std::vector<Cause> waits() {
  std::vector<Cause> causes;
  for (int c = 0; c < kCauses; ++c)
    if (const auto cause = static_cast<Cause>(c); cause != Cause::Work && cause != Cause::QueueEmpty)
      causes.push_back(cause);
  return causes;
}

std::string waits_for(const NodeResult& n) {
  std::int64_t most = 0;
  std::string text = "-";
  for (const Cause cause : waits()) {
    const std::int64_t cycles = n.causes[static_cast<std::size_t>(cause)];
    if (cycles <= most) continue;
    most = cycles;
    text = to_string(cause);
  }
  return text;
}

// Of the engines that took part.
std::vector<NodeMetric> engines() {
  std::vector<std::string> all = {"-"};
  for (const Cause cause : waits()) all.emplace_back(to_string(cause));
  return {
      NodeMetric("busy", "", "share of `engine_cycles` that is work; null where no engine took part", busy)
          .column("Busy %", Shown::fixed(1, 100)),
      NodeMetric("waits_for", "", "what the engines that took part waited for most; `-` where for nothing",
                 waits_for)
          .column("Waits for")
          .one_of(all),
  };
}

NodeMetric accuracy_metric(const char* key, const char* unit, const char* meaning, double Accuracy::*figure) {
  return NodeMetric(std::string("accuracy.") + key, unit, meaning,
                    [figure](const NodeResult& n) {
                      return n.accuracy ? std::optional<double>((*n.accuracy).*figure) : std::nullopt;
                    })
      .not_always_finite();
}

std::vector<NodeMetric> accuracy() {
  return {
      accuracy_metric("sqnr_db", "dB",
                      "signal over quantisation noise, against the float64 golden; 200 (printed as `exact`) "
                      "where there is no error; `accuracy` is null without function, and for text",
                      &Accuracy::sqnr_db)
          .column("SQNR dB", Shown::decibels()),
      accuracy_metric("cosine", "", "similarity to the float64 golden", &Accuracy::cosine)
          .column("Cosine", Shown::fixed(6)),
      accuracy_metric("max_abs_error", "", "largest absolute difference from golden",
                      &Accuracy::max_abs_error),
      accuracy_metric("mean_abs_error", "", "mean absolute difference from golden",
                      &Accuracy::mean_abs_error),
      accuracy_metric("ideal_exact_fraction", "", "codes equal to those of the ideal integer result",
                      &Accuracy::ideal_exact_fraction),
      accuracy_metric("ideal_within_1lsb_fraction", "", "codes equal to the ideal ones or next to them",
                      &Accuracy::ideal_within_1lsb_fraction),
      accuracy_metric("ideal_sqnr_db", "dB",
                      "`sqnr_db` of the ideal integer result: what the integer grid alone costs",
                      &Accuracy::ideal_sqnr_db)
          .column("ideal dB", Shown::decibels()),
      accuracy_metric("ideal_loss_db", "dB", "`ideal_sqnr_db` less `sqnr_db`", &Accuracy::ideal_loss_db),
  };
}

}  // namespace

const std::vector<NodeMetric>& node_metrics() {
  static const std::vector<NodeMetric> table = joined<NodeResult>(
      {identity(), time_and_traffic(), arithmetic(), values(),
       cause_metrics<NodeResult>("engine_cycles", "cycles of the engines that took part, by cause", true,
                                 [](const NodeResult& n) { return n.causes; }),
       engines(), accuracy()});
  return table;
}

const std::vector<Metric<OutputResult>>& output_metrics() {
  using Output = Metric<OutputResult>;
  static const std::vector<Output> table = {
      Output("name", "", "name in the model", &OutputResult::name),
      Output("type", "", "element type", &OutputResult::type),
      Output("scales", "",
             "element i of codes stands for (code - `zero_point`) * `scales`[i / `channel_elements` % their "
             "number]: one scale, or one a channel of int32 sums; none of what is no codes, and without "
             "function",
             &OutputResult::scales),
      Output("zero_point", "", "code that stands for 0", &OutputResult::zero_point),
      Output("channel_elements", "", "elements of a channel that lie side by side; 1 with one scale",
             &OutputResult::channel_elements),
  };
  return table;
}

const std::vector<Metric<PlacedNode>>& placed_node_metrics() {
  using Placed = Metric<PlacedNode>;
  static const std::vector<Placed> table = {
      Placed("name", "", "name in the run file or model", &PlacedNode::name).column("Node"),
      Placed("op", "", "operator", &PlacedNode::op).column("Type"),
      Placed("shape", "", "shape of its first input; empty where that is not known", &PlacedNode::shape)
          .column("Shape"),
      Placed("on", "", "side that it would run on; `-` where it has no place",
             [](const PlacedNode& n) { return to_string(n.on); })
          .column("ON")
          .one_of({"BPU", "CPU", "-"}),
      Placed("reason", "", "why", &PlacedNode::reason).column("Why"),
      Placed("source", "", "from where that is known", &PlacedNode::source).column("Source"),
      Placed("segment", "",
             "nodes between two changes of side share a number; 0 where nothing runs: the same bytes under "
             "another shape",
             &PlacedNode::segment)
          .column("Segment"),
      Placed("macs", "MACs", "multiply-accumulates; 0 where a shape is not known", &PlacedNode::macs)
          .column("MACs", Shown::macs()),
      Placed("parameters", "", "elements of weights, biases and affine entries", &PlacedNode::parameters)
          .column("Parameters", Shown::grouped()),
  };
  return table;
}

const std::vector<Metric<ConformanceCase>>& conformance_metrics() {
  using Case = Metric<ConformanceCase>;
  const auto of_int8 = [](double Accuracy::*figure) {
    return [figure](const ConformanceCase& c) {
      return c.int8 ? std::optional<double>((*c.int8).*figure) : std::nullopt;
    };
  };
  static const std::vector<Case> table = {
      Case("name", "", "folder of the case", &ConformanceCase::name).column("Case"),
      Case("op", "", "operator; empty where the case has none that is simulated", &ConformanceCase::op)
          .column("Operator"),
      Case("status", "", "what became of it", [](const ConformanceCase& c) { return to_string(c.status); })
          .column("Status")
          .one_of({"passed", "failed", "skipped"}),
      Case("reason", "", "why it failed or was skipped", &ConformanceCase::reason).column("Why"),
      Case("golden_max_error", "", "largest absolute difference of the golden model from the case's outputs",
           &ConformanceCase::golden_max_error)
          .column("Golden error")
          .not_always_finite(),
      Case("sqnr_db", "dB", "of the machine's int8 result; null where the case has none",
           of_int8(&Accuracy::sqnr_db))
          .column("SQNR dB", Shown::fixed(2))
          .not_always_finite(),
      Case("ideal_sqnr_db", "dB", "of the ideal integer result; null where the case has none",
           of_int8(&Accuracy::ideal_sqnr_db))
          .column("ideal dB", Shown::fixed(2))
          .not_always_finite(),
  };
  return table;
}

}  // namespace bpusim
