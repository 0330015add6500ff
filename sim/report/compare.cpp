#include "sim/report/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/report/text_table.h"
#include "sim/result/summary.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

// A node or a kind of operators in one run or in both.
struct Pair {
  std::string name;
  struct Side {
    std::string op, on;
    std::size_t count = 0;
    double ms = 0;
    std::int64_t bytes = 0;
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
          node.op, to_string(node.on), 1, node.time_ms, node.dram_read_bytes + node.dram_write_bytes};
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

int segments_in(const RunResult& run) {
  return run.nodes.empty() ? 0 : run.nodes.back().segment;
}

std::string total_table(const RunResult& a, const RunResult& b) {
  const auto titles = titles_of(a, b);
  TextTable table({"", titles[0] + ">", titles[1] + ">"});
  const auto row = [&](const std::string& name, auto&& cell) { table.add({name, cell(a), cell(b)}); };
  const auto on_cpu = [](const RunResult& r) {
    return std::count_if(r.nodes.begin(), r.nodes.end(), [](const NodeResult& n) { return n.on_cpu(); });
  };
  row("operators", [](const RunResult& r) { return std::to_string(r.nodes.size()); });
  row("operators on the CPU", [&](const RunResult& r) { return std::to_string(on_cpu(r)); });
  row("segments", [](const RunResult& r) { return std::to_string(segments_in(r)); });
  row("time", [](const RunResult& r) { return fixed(r.time_ms(r.cycles), 3) + " ms"; });
  row("time on the BPU", [](const RunResult& r) { return fixed(r.time_ms(r.bpu_cycles), 3) + " ms"; });
  row("time on the CPU", [](const RunResult& r) { return fixed(r.time_ms(r.host_cycles), 3) + " ms"; });
  row("DRAM traffic", [](const RunResult& r) { return bytes_text(r.dram_read_bytes + r.dram_write_bytes); });
  row("output cosine", [](const RunResult& r) {
    const OutputAccuracy out = output_accuracy(r.nodes);
    return out.known ? fixed(out.cosine, 6) : std::string("-");
  });
  row("output SQNR", [](const RunResult& r) {
    const OutputAccuracy out = output_accuracy(r.nodes);
    return out.known ? fixed(out.sqnr_db, 2) + " dB" : std::string("-");
  });
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

Json run_json(const RunResult& r) {
  const OutputAccuracy out = output_accuracy(r.nodes);
  Json json = {{"name", r.name},
               {"machine", r.machine},
               {"policy", r.policy},
               {"nodes", r.nodes.size()},
               {"segments", segments_in(r)},
               {"time_ms", r.time_ms(r.cycles)},
               {"bpu_ms", r.time_ms(r.bpu_cycles)},
               {"host_ms", r.time_ms(r.host_cycles)},
               {"dram_read_bytes", r.dram_read_bytes},
               {"dram_write_bytes", r.dram_write_bytes}};
  json["output_cosine"] = out.known ? Json(out.cosine) : Json(nullptr);
  json["output_sqnr_db"] = out.known ? Json(out.sqnr_db) : Json(nullptr);
  return json;
}

Json pairs_json(const std::vector<Pair>& pairs) {
  const auto side = [](const std::optional<Pair::Side>& s) {
    return s ? Json{{"op", s->op},
                    {"on", s->on},
                    {"count", s->count},
                    {"time_ms", s->ms},
                    {"dram_bytes", s->bytes}}
             : Json(nullptr);
  };
  Json list = Json::array();
  for (const Pair& pair : pairs)
    list.push_back({{"name", pair.name},
                    {"a", side(pair.a)},
                    {"b", side(pair.b)},
                    {"difference_ms", pair.difference()}});
  return list;
}

}  // namespace

std::string text_comparison(const RunResult& a, const RunResult& b, const TextStyle& style) {
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

std::string json_comparison(const RunResult& a, const RunResult& b) {
  return Json{{"schema", "bpusim-compare-1"},
              {"a", run_json(a)},
              {"b", run_json(b)},
              {"kinds", pairs_json(kinds_of_both(a, b))},
              {"nodes", pairs_json(nodes_of(a, b))}}
             .dump(2) +
         "\n";
}

}  // namespace bpusim
