#include "sim/result/summary.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace bpusim {

std::vector<SegmentSummary> segments_of(const std::vector<NodeResult>& nodes) {
  std::vector<SegmentSummary> segments;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (segments.empty() || segments.back().number != nodes[n].segment)
      segments.push_back({nodes[n].segment, nodes[n].on, n, 0, 0});
    ++segments.back().count;
    segments.back().cycles += nodes[n].cycles;
  }
  return segments;
}

std::vector<KindSummary> kinds_of(const std::vector<NodeResult>& nodes) {
  std::map<std::pair<std::string, std::string>, KindSummary> by_name;
  for (const NodeResult& node : nodes) {
    KindSummary& kind = by_name[{node.op, to_string(node.on)}];
    kind.op = node.op;
    kind.on = node.on;
    ++kind.count;
    kind.cycles += node.cycles;
    kind.dram_bytes += node.dram_read_bytes + node.dram_write_bytes;
    kind.macs += node.macs;
    kind.mac_utilisation += node.mac_utilisation * static_cast<double>(node.cycles);
  }
  std::vector<KindSummary> kinds;
  for (auto& [name, kind] : by_name) {
    if (kind.cycles > 0) kind.mac_utilisation /= static_cast<double>(kind.cycles);
    kinds.push_back(std::move(kind));
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const KindSummary& a, const KindSummary& b) { return a.cycles > b.cycles; });
  return kinds;
}

std::vector<std::size_t> rows_of_interest(const std::vector<NodeResult>& nodes, std::size_t slowest) {
  std::vector<std::size_t> order(nodes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return nodes[a].cycles > nodes[b].cycles; });
  std::set<std::size_t> rows(order.begin(),
                             order.begin() + static_cast<std::ptrdiff_t>(std::min(slowest, order.size())));
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (nodes[n].on_cpu()) rows.insert(n);
  return {rows.begin(), rows.end()};
}

OutputAccuracy output_accuracy(const std::vector<NodeResult>& nodes) {
  OutputAccuracy worst;
  for (const NodeResult& node : nodes) {
    if (!node.output || !node.accuracy) continue;
    worst.cosine = worst.known ? std::min(worst.cosine, node.accuracy->cosine) : node.accuracy->cosine;
    worst.sqnr_db = worst.known ? std::min(worst.sqnr_db, node.accuracy->sqnr_db) : node.accuracy->sqnr_db;
    worst.known = true;
  }
  return worst;
}

}  // namespace bpusim
