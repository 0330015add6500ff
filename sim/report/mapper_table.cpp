#include "sim/report/mapper_table.h"

#include <set>

#include "sim/report/text_table.h"
#include "sim/result/printable.h"

namespace bpusim {

std::string subgraph_of(const NodeResult& node, const RunResult& result) {
  if (node.on_cpu()) return "--";
  std::set<int> before;  // BPU segments
  for (const NodeResult& other : result.nodes)
    if (!other.on_cpu() && other.segment < node.segment) before.insert(other.segment);
  return "id(" + std::to_string(before.size()) + ")";
}

namespace {

constexpr std::size_t kWidest = 50;  // of a name

// As the tools shorten names: the front goes.
std::string shortened(const std::string& name) {
  return name.size() <= kWidest ? name : "..." + name.substr(name.size() - kWidest + 3);
}

}  // namespace

std::string mapper_table(const RunResult& given) {
  const RunResult result = printable(given);
  TextTable table({"Node", "ON", "Subgraph", "Type", "Cosine Similarity", "Threshold", "DataType"});
  for (const NodeResult& node : result.nodes)
    table.add({shortened(node.name), to_string(node.on), subgraph_of(node, result), elided(node.op),
               node.accuracy ? fixed(node.accuracy->cosine, 6) : "--",
               node.threshold > 0 ? fixed(node.threshold, 6) : "--", node.in_type + "/" + node.out_type});
  const double us = result.time_ms(result.bpu_cycles) * 1000;  // the tools know what is on the BPU alone
  return table.str() + "FPS=" + (us > 0 ? fixed(1e6 / us, 2) : "-") + ", latency = " + fixed(us, 1) +
         " us, DDR = " + std::to_string(result.dram_read_bytes + result.dram_write_bytes) + " bytes\n";
}

}  // namespace bpusim
