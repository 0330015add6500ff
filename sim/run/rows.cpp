#include "sim/run/rows.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "sim/operators/operator.h"
#include "sim/quantise/sensitivity.h"
#include "sim/run/roofline.h"

namespace bpusim {

namespace {

// The largest magnitude that a grid has codes for on both sides; 0 where there is no grid.
double threshold_of(const Quantisation& grid) {
  if (grid.dtype != DType::Int8 && grid.dtype != DType::Int16) return 0;
  const auto codes =
      static_cast<double>(std::max(grid.highest() - grid.zero_point, grid.zero_point - grid.lowest() - 1));
  return grid.scale * codes;
}

// Where the step runs, and what it was made of.
void fill_identity(const RowInput& in, const Step& step, const LoweredStep& lowered, NodeResult& row) {
  row.name = step.name;
  row.op = step.op;
  row.on = step.side();
  row.reason = step.placement.reason;
  row.shape = step.shape;
  row.mapping = lowered.mapping;
  const auto type = [&](const std::vector<std::string>& values) {
    return values.empty() ? "string" : to_string(in.compiled.places.at(values[0]).grid.dtype);
  };
  row.out_type = type(lowered.outputs);
  row.in_type = lowered.inputs.empty() ? row.out_type : type(lowered.inputs);
  row.threshold = lowered.inputs.empty() ? 0 : threshold_of(in.compiled.places.at(lowered.inputs[0]).grid);
  for (const std::size_t n : step.nodes) {
    const Node& node = in.placed.network.nodes[n];
    if (n != step.nodes.front()) row.fused.push_back(node.name);
    if (!node.origin.empty()) row.origin += (row.origin.empty() ? "" : "; ") + node.origin;
  }
}

// What the step is worth, but for tensors that it found where it wants them or left there: it moved less.
Work work_of(const LoweredStep& lowered, const Timeline::Step& times) {
  Work work = lowered.work;
  work.read_bytes = std::min(work.read_bytes, times.dram_read_bytes);
  work.write_bytes = std::min(work.write_bytes, times.dram_write_bytes);
  work.sram_read_bytes = std::min(work.sram_read_bytes, times.sram_read_bytes);
  work.sram_write_bytes = std::min(work.sram_write_bytes, times.sram_write_bytes);
  return work;
}

void fill_times(const RowInput& in, const Step& step, const LoweredStep& lowered, const Timeline::Step& times,
                std::int64_t since, NodeResult& row) {
  row.cycles = std::max<std::int64_t>(0, times.finish - since);
  row.dram_read_bytes = times.dram_read_bytes;
  row.dram_write_bytes = times.dram_write_bytes;
  row.overflows = times.overflows;
  row.time_ms = static_cast<double>(row.cycles) / in.machine.bpu.clock_mhz / 1000;
  if (in.record.cycles > 0)
    row.share = static_cast<double>(row.cycles) / static_cast<double>(in.record.cycles);
  // A step that loads while the one before it computes is under way for longer than it takes the run further.
  row.under_way_cycles = times.ran ? std::max(row.cycles, times.finish - times.start) : row.cycles;
  const auto under_way = static_cast<double>(row.under_way_cycles);
  const Roofline roof = roofline(work_of(lowered, times), in.machine);
  row.bound = step.on_cpu() ? Bound::Host : times.ran ? roof.bound : Bound::Nothing;
  if (under_way <= 0) return;
  row.bandwidth_gbps = static_cast<double>(row.dram_read_bytes + row.dram_write_bytes) *
                       in.machine.bpu.clock_mhz / 1000 / under_way;
  row.roofline_fraction = roof.cycles / under_way;
}

// MACs and bytes that the operator itself is worth. The row's cycles are known.
void fill_work(const RowInput& in, const LoweredStep& lowered, NodeResult& row) {
  row.macs = lowered.work.macs;
  const double rate = static_cast<double>(in.machine.mac.rows * in.machine.mac.cols * in.machine.bpu.cores);
  if (row.cycles > 0)
    row.mac_utilisation = static_cast<double>(row.macs) / rate / static_cast<double>(row.cycles);
  std::int64_t from_dram = 0;
  for (const std::string& input : lowered.inputs) {
    const TensorPlace& place = in.compiled.places.at(input);
    row.activation_bytes += place.bytes();
    if (place.address < kSramWindow) from_dram += place.bytes();
  }
  for (const std::string& output : lowered.outputs)
    row.activation_bytes += in.compiled.places.at(output).bytes();
  row.weight_bytes = std::max<std::int64_t>(0, lowered.work.read_bytes - from_dram);  // a Slice reads less
}

template <class T>
const T* find(const std::map<std::size_t, T>& by_step, std::size_t step) {
  const auto found = by_step.find(step);
  return found == by_step.end() ? nullptr : &found->second;
}

NodeResult row_of(const RowInput& in, std::size_t s, std::int64_t since) {
  const Step& step = in.placed.steps[s];
  const LoweredStep& lowered = in.compiled.steps[s];
  NodeResult row;
  fill_identity(in, step, lowered, row);
  fill_times(in, step, lowered, in.record.timeline.step(s), since, row);
  fill_work(in, lowered, row);
  row.causes = in.record.stalls.node_cycles(static_cast<int>(s));
  if (const Accuracy* accuracy = find(in.record.accuracy, s)) row.accuracy = *accuracy;
  if (const double* error = find(in.record.statistics_errors, s)) row.statistics_error = *error;
  return row;
}

// Steps that make the network's outputs, perhaps under another shape.
std::set<std::string> output_steps(const PlacedNetwork& placed) {
  std::map<std::string, const Step*> makers;
  for (const Step& step : placed.steps)
    for (const std::string& output : placed.last_node(step).outputs) makers[output] = &step;
  std::set<std::string> names;
  for (std::string value : placed.network.outputs)
    for (auto maker = makers.find(value); maker != makers.end(); maker = makers.find(value)) {
      const Node& node = placed.first_node(*maker->second);
      names.insert(maker->second->name);
      if (maker->second->on_cpu() || !find_operator(node.op)->alias) break;
      value = node.inputs.at(0);
    }
  return names;
}

}  // namespace

std::vector<NodeResult> node_rows(const RowInput& input) {
  const std::set<std::string> outputs = output_steps(input.placed);
  std::vector<NodeResult> rows;
  Side side = Side::Nowhere;
  int segment = 0;
  std::int64_t reached = 0;
  for (std::size_t s = 0; s < input.placed.steps.size(); ++s) {
    const Step& step = input.placed.steps[s];
    if (find_operator(input.placed.first_node(step).op)->alias && !step.on_cpu())
      continue;  // the same bytes: nothing runs
    NodeResult row = row_of(input, s, reached);
    reached = std::max(reached, input.record.timeline.step(s).finish);
    if (row.on != side) ++segment;
    side = row.on;
    row.segment = segment;
    row.output = outputs.count(row.name) != 0;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<OutputResult> output_rows(const RowInput& input, bool function) {
  std::vector<OutputResult> rows;
  for (const std::string& name : input.placed.network.outputs) {
    OutputResult& row = rows.emplace_back();
    row.name = name;
    const auto found = input.compiled.places.find(name);
    if (found == input.compiled.places.end()) {  // text, and statistics that the CPU makes beside a norm
      row.type = to_string(input.placed.network.values.at(name).dtype);
      continue;
    }
    const TensorPlace& place = found->second;
    row.type = to_string(place.grid.dtype);
    if (!function || input.placed.sharing.is_float(name) || input.placed.sharing.is_exact(name)) continue;
    row.scales = place.channels.scales;
    row.channel_elements = place.channels.inner;
    if (row.scales.empty()) row.scales = {place.grid.scale};
    row.zero_point = place.grid.zero_point;
  }
  return rows;
}

std::vector<EngineUse> engine_rows(const Machine& machine, const StallAccounting& stalls) {
  std::vector<EngineUse> rows;
  for (std::size_t e = 0; e < machine.engines().size(); ++e) {
    const EngineInfo& engine = machine.engines()[e];
    const int index = static_cast<int>(e);
    rows.push_back(
        {engine.name, to_string(engine.unit), engine.core, stalls.cycles(index), stalls.commands(index)});
  }
  return rows;
}

std::vector<Sensitivity> sensitivity_rows(const RowInput& input, const Observation& observation) {
  std::vector<Sensitivity> rows;
  for (const auto& [s, accuracy] : input.record.accuracy) {
    const Step& step = input.placed.steps[s];
    const std::string& output = input.compiled.steps[s].outputs.front();  // the first one that is wanted
    const Sharing& sharing = input.placed.sharing;
    if (sharing.is_exact(output) || sharing.is_float(output)) continue;  // it loses what its inputs lost
    const Quantisation& grid = input.compiled.places.at(output).grid;
    Sensitivity row;
    row.name = step.name;
    row.op = step.op;
    row.type = to_string(grid.dtype);
    row.cosine = accuracy.cosine;
    row.sqnr_db = accuracy.sqnr_db;
    if (const Accuracy* alone = find(input.record.alone, s)) {
      row.alone_cosine = alone->cosine;
      row.alone_sqnr_db = alone->sqnr_db;
    }
    row.advice = quantisation_advice(row, observation.values.at(output), grid.asymmetric);
    rows.push_back(std::move(row));
  }
  worst_first(rows);
  return rows;
}

}  // namespace bpusim
