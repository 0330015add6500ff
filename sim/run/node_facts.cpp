#include "sim/run/node_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/operators/operator.h"

namespace bpusim {

void describe(const Step& step, const Network& network, const LoweredStep& lowered,
              const std::map<std::string, TensorPlace>& places, const MachineParams& machine,
              NodeResult& row) {
  for (const std::size_t n : step.nodes) {
    const Node& node = network.nodes[n];
    if (n != step.nodes.front()) row.fused.push_back(node.name);
    if (!node.origin.empty()) row.origin += (row.origin.empty() ? "" : "; ") + node.origin;
  }
  row.macs = lowered.work.macs;
  const double rate = static_cast<double>(machine.mac.rows * machine.mac.cols * machine.bpu.cores);
  if (row.cycles > 0)
    row.mac_utilisation = static_cast<double>(row.macs) / rate / static_cast<double>(row.cycles);
  std::int64_t from_dram = 0;
  for (const std::string& input : lowered.inputs) {
    const TensorPlace& place = places.at(input);
    row.activation_bytes += place.bytes();
    if (place.address < kSramWindow) from_dram += place.bytes();
  }
  for (const std::string& output : lowered.outputs) row.activation_bytes += places.at(output).bytes();
  row.weight_bytes = std::max<std::int64_t>(0, lowered.work.read_bytes - from_dram);  // a Slice reads less
}

void mark_outputs(const Network& network, const std::vector<Step>& steps, std::vector<NodeResult>& rows) {
  std::map<std::string, const Step*> makers;
  for (const Step& step : steps)
    for (const std::string& output : network.nodes[step.nodes.back()].outputs) makers[output] = &step;
  std::set<std::string> names;
  for (std::string value : network.outputs)
    for (auto maker = makers.find(value); maker != makers.end(); maker = makers.find(value)) {
      const Node& node = network.nodes[maker->second->nodes.front()];
      names.insert(maker->second->name);
      if (maker->second->on_cpu() || !find_operator(node.op)->alias) break;
      value = node.inputs.at(0);
    }
  for (NodeResult& row : rows) row.output = names.count(row.name) != 0;
}

}  // namespace bpusim
