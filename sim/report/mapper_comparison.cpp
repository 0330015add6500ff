#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "sim/report/mapper_log.h"
#include "sim/report/mapper_table.h"
#include "sim/report/text_table.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr std::size_t kListed = 20;               // of thresholds that differ most
constexpr double kNear = 0.1;                     // of a ratio from 1
constexpr double kLeastMet = 0.1;                 // of the log's nodes, below which it is another model's
constexpr const char* kCut = "...";               // begins a name whose front the tool has cut off
constexpr const char* kAdded = "UNIT_CONV_FOR_";  // of a node that the tool makes of an Add

struct Pair {
  const MapperNode* tool;
  const NodeResult* here;
};

// The tool's rows with those of the run, and what each has alone.
class Matching {
 public:
  Matching(const RunResult& result, const MapperLog& log) {
    for (const NodeResult& node : result.nodes) {
      rows_[node.name] = &node;
      for (const std::string& part : node.fused) parts_[part] = &node;
    }
    std::map<std::string, bool> met;
    for (const MapperNode& node : log.nodes) {
      if (const NodeResult* row = find(rows_, node.name); row != nullptr) {
        pairs.push_back({&node, row});
        met[row->name] = true;
      } else if (find(parts_, node.name) != nullptr) {
        ++within;
      } else {
        ++tool_alone[node.type];
      }
    }
    for (const NodeResult& node : result.nodes)
      if (!met[node.name]) ++here_alone[node.op];
  }

  std::vector<Pair> pairs;
  std::size_t within = 0;  // the tool's nodes that run as part of another here
  std::map<std::string, int> tool_alone, here_alone;

 private:
  using Rows = std::map<std::string, const NodeResult*>;

  static const NodeResult* find(const Rows& rows, std::string name) {
    const std::string added = kAdded, cut = kCut;
    if (name.rfind(added, 0) == 0) name.erase(0, added.size());
    if (const auto found = rows.find(name); found != rows.end()) return found->second;
    if (name.rfind(cut, 0) != 0) return nullptr;
    const std::string end = name.substr(cut.size());
    const NodeResult* one = nullptr;
    for (const auto& [full, row] : rows) {
      if (full.size() < end.size() || full.compare(full.size() - end.size(), end.size(), end) != 0) continue;
      if (one != nullptr) return nullptr;  // more than one ends so
      one = row;
    }
    return one;
  }

  Rows rows_, parts_;
};

std::string counts(const std::map<std::string, int>& by_type) {
  std::string text;
  for (const auto& [type, count] : by_type)
    text += (text.empty() ? "" : ", ") + type + (count > 1 ? " x" + std::to_string(count) : "");
  return text.empty() ? "none" : text;
}

std::string placements(const std::vector<Pair>& pairs, const TextStyle& style) {
  TextTable table({TextColumn("Node").elided(16, 50), TextColumn("Type").elided(10, 30).ranked(1), "Tool",
                   "Here", TextColumn("Why here").wrapped(20)});
  std::size_t other = 0;
  for (const Pair& pair : pairs) {
    if (pair.tool->on == to_string(pair.here->on)) continue;
    ++other;
    table.add({pair.here->name, pair.tool->type, pair.tool->on, to_string(pair.here->on), pair.here->reason});
  }
  return "Placement: " + std::to_string(pairs.size() - other) + " of " + std::to_string(pairs.size()) +
         " nodes are on the tool's side\n" + (other > 0 ? table.str(style.table_width()) : "");
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string thresholds(const std::vector<Pair>& pairs, const TextStyle& style) {
  std::vector<std::pair<double, Pair>> ratios;  // here over the tool's
  for (const Pair& pair : pairs)
    if (pair.tool->threshold.value_or(0) > 0 && pair.here->threshold > 0)
      ratios.emplace_back(pair.here->threshold / *pair.tool->threshold, pair);
  if (ratios.empty()) return "Thresholds: none on both sides\n";
  std::vector<double> all;
  std::size_t near = 0;
  for (const auto& [ratio, pair] : ratios) {
    all.push_back(ratio);
    if (std::abs(ratio - 1) <= kNear) ++near;
  }
  std::stable_sort(ratios.begin(), ratios.end(), [](const auto& a, const auto& b) {
    return std::abs(std::log(a.first)) > std::abs(std::log(b.first));
  });
  TextTable table({TextColumn("Node").elided(16, 50), TextColumn("Type").elided(10, 30).ranked(1), "Tool>",
                   "Here>", "Ratio>"});
  for (std::size_t i = 0; i < std::min(kListed, ratios.size()) && std::abs(ratios[i].first - 1) > kNear; ++i)
    table.add({ratios[i].second.here->name, ratios[i].second.tool->type,
               fixed(*ratios[i].second.tool->threshold, 6), fixed(ratios[i].second.here->threshold, 6),
               fixed(ratios[i].first, 3)});
  return "Thresholds, here over the tool's: median " + fixed(median(all), 3) + ", " + std::to_string(near) +
         " of " + std::to_string(all.size()) + " within 10 %\n" +
         (near < all.size() ? table.str(style.table_width()) : "");
}

std::string cosines(const std::vector<Pair>& pairs, const TextStyle& style) {
  std::vector<double> tool, here, apart;
  for (const Pair& pair : pairs) {
    if (!pair.tool->cosine || !pair.here->accuracy) continue;
    tool.push_back(*pair.tool->cosine);
    here.push_back(pair.here->accuracy->cosine);
    apart.push_back(std::abs(tool.back() - here.back()));
  }
  if (apart.empty()) return "Cosines: none on both sides\n";
  return wrapped("Cosines: least " + fixed(*std::min_element(here.begin(), here.end()), 6) + " here and " +
                     fixed(*std::min_element(tool.begin(), tool.end()), 6) + " by the tool; apart by " +
                     fixed(median(apart), 6) + " in the median, " +
                     fixed(*std::max_element(apart.begin(), apart.end()), 6) + " at most",
                 style.width, "", 2);
}

std::string figures(const RunResult& result, const MapperLog& log) {
  if (log.subgraphs.empty()) return "Latency and DDR bytes: the log has none\n";
  double us = 0, bytes = 0;
  for (const MapperSubgraph& subgraph : log.subgraphs) {
    us += subgraph.latency_us;
    bytes += subgraph.ddr_bytes;
  }
  const double us_here = result.time_ms(result.bpu_cycles) * 1000;
  const auto bytes_here = static_cast<double>(result.dram_read_bytes + result.dram_write_bytes);
  const auto ratio = [](double here, double tool) { return tool > 0 ? fixed(here / tool, 3) : "-"; };
  TextTable table({"On the BPU", "Tool>", "Here>", "Ratio>"});
  table.add({"latency us", fixed(us, 1), fixed(us_here, 1), ratio(us_here, us)});
  table.add({"DDR bytes", fixed(bytes, 0), fixed(bytes_here, 0), ratio(bytes_here, bytes)});
  return table.str();
}

}  // namespace

std::string text_against(const RunResult& given, const MapperLog& log, const TextStyle& style) {
  const RunResult result = printable(given);
  const Matching matching(result, log);
  const std::size_t met = matching.pairs.size() + matching.within;
  if (static_cast<double>(met) < kLeastMet * static_cast<double>(log.nodes.size()))
    return wrapped("Against the tool's log: WARNING: of its " + std::to_string(log.nodes.size()) + " nodes " +
                       std::to_string(met) +
                       " are here: it seems to be of another model, and nothing is compared",
                   style.width, "", 2);
  return wrapped("Against the tool's log: " + std::to_string(log.nodes.size()) + " nodes, " +
                     std::to_string(matching.pairs.size()) + " of them here by name, " +
                     std::to_string(matching.within) + " as part of another",
                 style.width, "", 2) +
         wrapped("only in the log: " + counts(matching.tool_alone), style.width, "  ", 4) +
         wrapped("only here: " + counts(matching.here_alone), style.width, "  ", 4) +
         placements(matching.pairs, style) + thresholds(matching.pairs, style) +
         cosines(matching.pairs, style) + figures(result, log);
}

}  // namespace bpusim
