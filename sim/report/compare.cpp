#include "sim/report/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "sim/report/csv.h"
#include "sim/report/documents.h"
#include "sim/report/json_text.h"
#include "sim/report/metric_text.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

// A node or a kind of operators in one run or in both.
struct Pair {
  std::string name;
  struct Side {
    std::string op, on;
    std::size_t count = 0;
    double ms = 0;
    std::int64_t bytes = 0;
    const NodeResult* node = nullptr;  // none of a kind
  };
  std::optional<Side> a, b;

  double difference() const { return (b ? b->ms : 0) - (a ? a->ms : 0); }
  std::string difference_text() const {
    const std::string text = fixed(difference(), 3);
    return text == "-0.000" ? "0.000" : text;
  }
};

void sort_by_difference(std::vector<Pair>& pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
    return std::abs(x.difference()) > std::abs(y.difference());
  });
}

std::vector<Pair> nodes_of(const RunResult& a, const RunResult& b) {
  std::vector<Pair> pairs;
  std::map<std::string, std::size_t> index;
  for (const RunResult* run : {&a, &b})
    for (const NodeResult& node : run->nodes) {
      const auto [at, fresh] = index.emplace(node.name, pairs.size());
      if (fresh) pairs.push_back({node.name, {}, {}});
      (run == &a ? pairs[at->second].a : pairs[at->second].b) = Pair::Side{
          node.op, to_string(node.on), 1, node.time_ms, node.dram_read_bytes + node.dram_write_bytes, &node};
    }
  sort_by_difference(pairs);
  return pairs;
}

std::vector<Pair> kinds_of_both(const RunResult& a, const RunResult& b) {
  std::vector<Pair> pairs;
  for (const RunResult* run : {&a, &b})
    for (const KindSummary& kind : kinds_of(run->nodes)) {
      const std::string name = kind.op + " on " + to_string(kind.on);
      auto at = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& p) { return p.name == name; });
      if (at == pairs.end()) at = pairs.insert(pairs.end(), Pair{name, {}, {}});
      (run == &a ? at->a : at->b) =
          Pair::Side{kind.op, to_string(kind.on), kind.count, run->time_ms(kind.cycles), kind.dram_bytes};
    }
  sort_by_difference(pairs);
  return pairs;
}

// What tells the two apart.
std::string title_of(const RunResult& run, const RunResult& other) {
  if (run.machine != other.machine && run.policy != other.policy) return run.machine + ", " + run.policy;
  if (run.machine != other.machine) return run.machine;
  return run.policy;
}

std::array<std::string, 2> titles_of(const RunResult& a, const RunResult& b) {
  std::array<std::string, 2> titles = {title_of(a, b), title_of(b, a)};
  if (titles[0] == titles[1]) titles = {"A: " + titles[0], "B: " + titles[1]};
  return titles;
}

// A metric of the whole run that both sides have: its row in the printed table and its key in JSON.
struct Compared {
  const char* metric;
  const char* key;
  const char* title;  // empty where it is not printed
};

const std::vector<Compared>& compared() {
  static const std::vector<Compared> table = {
      {"name", "name", ""},
      {"machine.name", "machine", ""},
      {"policy", "policy", ""},
      {"nodes.count", "nodes", "operators"},
      {"nodes.on_cpu", "", "operators on the CPU"},
      {"segments.count", "segments", "segments"},
      {"total.time_ms", "time_ms", "time"},
      {"total.bpu_ms", "bpu_ms", "time on the BPU"},
      {"total.host_ms", "host_ms", "time on the CPU"},
      {"total.dram_bytes", "", "DRAM traffic"},
      {"total.dram_read_bytes", "dram_read_bytes", ""},
      {"total.dram_write_bytes", "dram_write_bytes", ""},
      {"output.cosine", "output_cosine", "output cosine"},
      {"output.sqnr_db", "output_sqnr_db", "output SQNR"},
  };
  return table;
}

std::string total_table(const RunResult& a, const RunResult& b) {
  const auto titles = titles_of(a, b);
  TextTable table({"", titles[0] + ">", titles[1] + ">"});
  for (const Compared& row : compared()) {
    if (*row.title == '\0') continue;
    const RunMetric& metric = metric_of(run_metrics(), row.metric);
    const auto cell = [&](const RunResult& run) {
      const Value value = metric.read(run);
      const bool alone = metric.unit.empty() || metric.shown.as == Shown::As::Bytes ||
                         std::holds_alternative<std::monostate>(value);
      return text_of(metric, value) + (alone ? "" : " " + metric.unit);
    };
    table.add({row.title, cell(a), cell(b)});
  }
  return table.str();
}

std::string pair_table(const std::string& what, const std::vector<Pair>& pairs, std::size_t shown,
                       const std::array<std::string, 2>& titles, bool counts) {
  TextTable table({what, titles[0] + ">", titles[1] + ">", "Difference ms>"});
  const auto cell = [&](const std::optional<Pair::Side>& side) {
    if (!side) return std::string("-");
    const std::string first = counts ? "x" + std::to_string(side->count) : side->op + " " + side->on;
    return first + "  " + fixed(side->ms, 3) + " ms";
  };
  for (std::size_t p = 0; p < std::min(pairs.size(), shown); ++p)
    table.add({elided(pairs[p].name), cell(pairs[p].a), cell(pairs[p].b), pairs[p].difference_text()});
  return table.str();
}

std::vector<RunMetric> metrics_of_a_side() {
  std::vector<RunMetric> metrics;
  for (const Compared& row : compared()) {
    if (*row.key == '\0') continue;
    metrics.push_back(metric_of(run_metrics(), row.metric));
    metrics.back().name = row.key;
  }
  return metrics;
}

using PairMetric = Metric<Pair>;

std::vector<PairMetric> pair_side_metrics(const std::string& key, std::optional<Pair::Side> Pair::*side) {
  const auto of = [&](const char* name, const char* unit, const char* meaning, auto Pair::Side::*figure) {
    using Result = std::decay_t<decltype(std::declval<Pair::Side>().*figure)>;
    return PairMetric(key + "." + name, unit, meaning, [side, figure](const Pair& pair) {
      return pair.*side ? std::optional<Result>((*(pair.*side)).*figure) : std::nullopt;
    });
  };
  return {of("op", "", "operator; the side is null where it has none of them", &Pair::Side::op),
          of("on", "", "side that it runs on", &Pair::Side::on).one_of({"BPU", "CPU"}),
          of("count", "", "nodes", &Pair::Side::count),
          of("time_ms", "ms", "of them together", &Pair::Side::ms),
          of("dram_bytes", "B", "DRAM traffic: read and written", &Pair::Side::bytes)};
}

PairMetric difference_metric() {
  return {"difference_ms", "ms", "time of `b` less that of `a`, where a missing side takes none",
          &Pair::difference};
}

const std::vector<PairMetric>& pair_metrics() {
  static const std::vector<PairMetric> table =
      joined<Pair>({{{"name", "", "of the node, or operator and side of a kind", &Pair::name}},
                    pair_side_metrics("a", &Pair::a),
                    pair_side_metrics("b", &Pair::b),
                    {difference_metric()}});
  return table;
}

}  // namespace

std::string text_comparison(const RunResult& first, const RunResult& second, const TextStyle& style) {
  const RunResult a = printable(first), b = printable(second);
  constexpr std::size_t kKinds = 12, kNodes = 20;
  const auto titles = titles_of(a, b);
  const auto nodes = nodes_of(a, b), kinds = kinds_of_both(a, b);
  const std::size_t shown = style.all_nodes ? nodes.size() : kNodes;
  return heading(a.name + (a.name == b.name ? "" : " and " + b.name), style) + total_table(a, b) + "\n" +
         heading("Kinds of operators, by how much they differ", style) +
         pair_table("Type", kinds, style.all_nodes ? kinds.size() : kKinds, titles, true) + "\n" +
         heading("Nodes, by how much they differ" +
                     (shown < nodes.size() ? " (" + std::to_string(shown) + " of " +
                                                 std::to_string(nodes.size()) + "; --nodes shows all)"
                                           : ""),
                 style) +
         pair_table("Node", nodes, shown, titles, false);
}

Document comparison_document(const RunResult& a, const RunResult& b) {
  const auto side = [metrics = metrics_of_a_side()](const RunResult& run) {
    return table_of(metrics, std::array<std::reference_wrapper<const RunResult>, 1>{run});
  };
  return {"bpusim-compare-1",
          "compare",
          {{"a", Part::Form::Object, "the first run", side(a)},
           {"b", Part::Form::Object, "the second run", side(b)},
           {"kinds", Part::Form::List, "kinds of operators, by how much they differ",
            table_of(pair_metrics(), kinds_of_both(a, b))},
           {"nodes", Part::Form::List, "nodes by name, by how much they differ",
            table_of(pair_metrics(), nodes_of(a, b))}}};
}

std::string json_comparison(const RunResult& a, const RunResult& b) {
  return json_text(json_of(comparison_document(a, b)));
}

std::string csv_comparison(const RunResult& a, const RunResult& b) {
  const std::vector<NodeMetric>& metrics = node_metrics();
  const std::vector<Pair> pairs = nodes_of(a, b);
  MetricTable table = table_of(std::vector<PairMetric>{pair_metrics().front(), difference_metric()}, pairs);
  for (const auto& [key, side] : {std::pair("a.", &Pair::a), std::pair("b.", &Pair::b)})
    for (const NodeMetric& metric : metrics) {
      if (metric.name == "name") continue;
      table.metrics.push_back(metric);
      table.metrics.back().name = key + metric.name;
      for (std::size_t p = 0; p < pairs.size(); ++p) {
        const std::optional<Pair::Side>& there = pairs[p].*side;
        table.rows[p].push_back(there ? metric.read(*there->node) : Value());
      }
    }
  return csv_of(table);
}

}  // namespace bpusim
