#include "sim/advise/timed_advice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "kernels/units.h"
#include "sim/advise/advisors.h"
#include "sim/operators/families/quantise.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

RunShare share_of(const RunResult& run, std::int64_t cycles) {
  return {run.time_ms(cycles),
          100.0 * static_cast<double>(cycles) / static_cast<double>(std::max<std::int64_t>(run.cycles, 1))};
}

// Products of a kind: an operator, and how a Conv is grouped.
using ProductKind = std::pair<IdleMacsAdvice::Groups, std::string>;

// Memory is what the operator can't be faster than, and most of what it takes.
bool bound_by_memory(const NodeResult& row) {
  return row.roofline_fraction > 0.5 &&
         (row.bound == Bound::Dram || row.bound == Bound::DmaLoad || row.bound == Bound::DmaStore);
}

class TimedAdvisor {
 public:
  explicit TimedAdvisor(const TimedAdviceInput& input)
      : steps_(input.network.placed.steps),
        network_(input.network.placed.network),
        compiler_(input.compiler),
        result_(input.result),
        input_(input) {
    for (const NodeResult& row : result_.nodes) rows_[row.name] = &row;
  }

  std::vector<Advice> all() {
    std::vector<Advice> advice;
    std::map<std::string, std::vector<std::size_t>> on_cpu, decomposed;
    std::map<ProductKind, std::vector<std::size_t>> products;
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      const Step& step = steps_[s];
      if (step.on_cpu() && !is_copy(step.op)) on_cpu[step.op].push_back(s);  // they go with their readers
      if (step.placement.where == Where::Decomposed) decomposed[step.op].push_back(s);
      const NodeResult* row = row_of(s);
      if (row != nullptr && step.on_bpu() && row->macs > 0) products[kind_of_product(s)].push_back(s);
    }
    std::vector<std::size_t> movers;
    std::vector<std::string> mover_ops;
    for (const auto& [op, steps] : on_cpu) {
      advice.push_back(cpu_operator({op}, steps));
      if (!moves_elements(steps[0])) continue;
      movers.insert(movers.end(), steps.begin(), steps.end());
      mover_ops.push_back(op);
    }
    if (mover_ops.size() > 1) advice.push_back(cpu_operator(mover_ops, movers));
    for (const auto& [op, steps] : decomposed) add(advice, decomposed_norm(op, steps));
    for (const auto& [kind, steps] : products) add(advice, idle_macs(kind, steps));
    add(advice, dram_bound());
    return advice;
  }

 private:
  static void add(std::vector<Advice>& advice, std::optional<Advice> line) {
    if (line) advice.push_back(std::move(*line));
  }

  const NodeResult* row_of(std::size_t s) const {
    const auto row = rows_.find(steps_[s].name);
    return row == rows_.end() ? nullptr : row->second;
  }
  std::int64_t cycles_of(std::size_t s) const {
    const NodeResult* row = row_of(s);
    return row == nullptr ? 0 : row->cycles;
  }
  const Node& node_of(std::size_t s) const { return network_.nodes[steps_[s].nodes.front()]; }
  RunShare share(std::int64_t cycles) const { return share_of(result_, cycles); }
  std::vector<std::string> names_of(const std::vector<std::size_t>& steps) const {
    std::vector<std::string> names;
    names.reserve(steps.size());
    for (const std::size_t s : steps) names.push_back(steps_[s].name);
    return names;
  }

  bool moves_elements(std::size_t s) const { return only_moves_elements(node_of(s).op); }
  // Why the first of them is where it is, without what it was put together from.
  std::string reason_of(const std::vector<std::size_t>& steps) const {
    const std::string& reason = steps_[steps[0]].placement.reason;
    return reason.substr(0, reason.find("; recognised from "));
  }

  // As the report counts them, with some steps on the BPU that are on the CPU now.
  int segments_with(const std::set<std::size_t>& moved) const {
    int segments = 0, side = -1;
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      const bool cpu = steps_[s].on_cpu() && moved.count(s) == 0;
      if (find_operator(node_of(s).op)->alias && !cpu) continue;
      if (side != static_cast<int>(cpu)) ++segments;
      side = static_cast<int>(cpu);
    }
    return segments;
  }

  // What moving steps to the BPU would cost and change.
  struct Move {
    std::int64_t now = 0, then = 0;  // cycles, of those that can move
    std::int64_t others = 0;         // more that the CPU takes for others, since their inputs cross now
    std::size_t count = 0;           // of steps that can move
    std::set<std::size_t> moved;
  };
  Move price(const std::set<std::size_t>& candidates) {
    Move move;
    std::set<std::string> made;
    for (const std::size_t s : candidates) {
      const std::int64_t on_bpu = compiler_.cycles_on_bpu(steps_[s]);
      if (on_bpu < 0) continue;
      ++move.count;
      move.moved.insert(s);
      move.now += cycles_of(s);
      move.then += on_bpu;
      for (const std::string& output : node_of(s).outputs) made.insert(output);
    }
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      if (!steps_[s].on_cpu() || move.moved.count(s) != 0) continue;
      const auto& inputs = node_of(s).inputs;
      if (std::any_of(inputs.begin(), inputs.end(), [&](const std::string& i) { return made.count(i) != 0; }))
        move.others += compiler_.cycles_on_cpu(steps_[s], made) - compiler_.cycles_on_cpu(steps_[s], {});
    }
    return move;
  }

  // Steps on the CPU that move elements only, for as far as they lead from these ones.
  std::set<std::size_t> with_movers(const std::vector<std::size_t>& kind) const {
    std::map<std::string, std::set<std::size_t>> touching;
    for (std::size_t s = 0; s < steps_.size(); ++s)
      for (const auto* values : {&node_of(s).inputs, &node_of(s).outputs})
        for (const std::string& value : *values) touching[value].insert(s);
    std::set<std::size_t> all(kind.begin(), kind.end());
    std::vector<std::size_t> open = kind;
    while (!open.empty()) {
      const Node& node = node_of(open.back());
      open.pop_back();
      for (const auto* values : {&node.inputs, &node.outputs})
        for (const std::string& value : *values)
          for (const std::size_t s : touching[value]) {
            if (steps_[s].on_cpu() && steps_[s].lowerable && moves_elements(s) && all.insert(s).second)
              open.push_back(s);
          }
    }
    return all;
  }

  // Where it wins more to move what only moves elements as well.
  void widen(const std::set<std::size_t>& kind, const Move& alone, CpuOperatorAdvice& facts, Advice& advice) {
    const auto wider = with_movers({kind.begin(), kind.end()});
    if (wider.size() == kind.size()) return;
    const Move both = price(wider);
    const double won = result_.time_ms(both.now - both.then - both.others);
    if (won <= advice.won_ms) return;
    advice.what_if = change_of(both.moved);
    facts.with_movers = {both.count - alone.count, result_.time_ms(both.now),
                         result_.time_ms(both.then + both.others)};
    advice.won_ms = won;
  }

  WhatIf change_of(const std::set<std::size_t>& moved) const {
    std::set<std::string> ops;
    for (const std::size_t s : moved) ops.insert(steps_[s].op);
    return {{ops.begin(), ops.end()}, names_of({moved.begin(), moved.end()}), 0};
  }

  Advice cpu_operator(std::vector<std::string> ops, const std::vector<std::size_t>& steps) {
    Advice advice;
    advice.nodes = names_of(steps);
    CpuOperatorAdvice facts;
    facts.ops = std::move(ops);
    std::int64_t now = 0;
    for (const std::size_t s : steps) now += cycles_of(s);
    facts.now = share(now);
    facts.segments = segments_with({});
    facts.reason = reason_of(steps);
    const std::set<std::size_t> kind(steps.begin(), steps.end());
    const Move alone = price(kind);
    if (alone.count > 0) {
      facts.on_bpu = {alone.count, result_.time_ms(alone.then), result_.time_ms(alone.others),
                      facts.segments - segments_with(alone.moved)};
      advice.what_if = change_of(alone.moved);
      advice.won_ms = result_.time_ms(alone.now - alone.then - alone.others);
      if (!moves_elements(steps[0])) widen(kind, alone, facts, advice);
    }
    advice.facts = std::move(facts);
    return advice;
  }

  std::optional<Advice> decomposed_norm(const std::string& op, const std::vector<std::size_t>& steps) {
    std::int64_t now = 0, then = 0;
    for (const std::size_t s : steps) {
      const std::int64_t native = compiler_.cycles_on_bpu(steps_[s]);
      if (native < 0) return {};
      now += cycles_of(s);
      then += native;
    }
    if (then >= now) return {};
    Advice advice;
    advice.facts = DecomposedNormAdvice{op, share(now), result_.time_ms(then), reason_of(steps)};
    advice.nodes = names_of(steps);
    advice.won_ms = result_.time_ms(now - then);
    advice.what_if = WhatIf{{op}, {}, 0};
    return advice;
  }

  ProductKind kind_of_product(std::size_t s) const {
    using Groups = IdleMacsAdvice::Groups;
    const Node& node = node_of(s);
    const std::int64_t groups = node.attributes.get("group", std::int64_t{1});
    if (node.op != "Conv" || groups == 1) return {Groups::One, node.op};
    const bool depthwise = network_.shape_of(node.inputs[1]).at(1) == 1;
    return {depthwise ? Groups::Channels : Groups::Several, node.op};
  }

  // Of a kind that takes a good part of the run and little of the MAC array.
  std::optional<Advice> idle_macs(const ProductKind& kind, const std::vector<std::size_t>& steps) const {
    using Remedy = IdleMacsAdvice::Remedy;
    constexpr double kIdle = 0.25, kMuch = 0.1;
    std::int64_t cycles = 0, macs = 0, memory = 0;
    for (const std::size_t s : steps) {
      const NodeResult& row = *row_of(s);
      cycles += row.cycles;
      macs += row.macs;
      if (bound_by_memory(row)) memory += row.cycles;
    }
    const MachineParams& machine = input_.network.machine;
    const double rate = static_cast<double>(machine.mac.rows * machine.mac.cols * machine.bpu.cores);
    const double used =
        static_cast<double>(macs) / rate / static_cast<double>(std::max<std::int64_t>(cycles, 1));
    if (used > kIdle || static_cast<double>(cycles) < kMuch * static_cast<double>(result_.cycles)) return {};
    const auto& [groups, op] = kind;
    const bool plain =
        groups == IdleMacsAdvice::Groups::One && (op == "Conv" || op == "Gemm" || op == "MatMul");
    const Remedy remedy = 2 * memory > cycles ? Remedy::LessTraffic
                          : plain             ? Remedy::FittingShapes
                                              : Remedy::WiderGroups;
    Advice advice;
    advice.facts =
        IdleMacsAdvice{op, groups, share(cycles), 100 * used, remedy, machine.mac.rows, machine.mac.cols};
    advice.nodes = names_of(steps);
    return advice;
  }

  // Tensors between operators of the BPU that went through DRAM, by the traffic that they cause.
  struct Tensor {
    std::string name;
    std::int64_t traffic = 0;
  };
  std::vector<Tensor> tensors_in_dram(const Residency& room) const {
    std::map<std::string, std::int64_t> touched;
    const Sharing& sharing = input_.network.placed.sharing;
    for (const LoweredStep& step : input_.compiled.steps)
      for (const auto* values : {&step.inputs, &step.outputs})
        for (const std::string& value : *values) {
          const std::string& root = sharing.part(value).root;
          if (input_.compiled.places.at(root).address < kSramWindow && room.addresses.count(root) != 0)
            touched[root] += input_.compiled.places.at(value).bytes();
        }
    std::vector<Tensor> tensors;
    tensors.reserve(touched.size());
    for (const auto& [name, traffic] : touched) tensors.push_back({name, traffic});
    std::stable_sort(tensors.begin(), tensors.end(),
                     [](const Tensor& a, const Tensor& b) { return a.traffic > b.traffic; });
    return tensors;
  }

  // The plan with room for all that could stay, which tells how much room that is.
  Residency roomy() const {
    constexpr std::int64_t kPlenty = std::int64_t{1} << 36;
    MachineParams machine = input_.network.machine;
    machine.sram.bytes += kPlenty;
    machine.sram.tensor_bytes += kPlenty;
    return plan_residency(input_.network.placed, machine);
  }

  std::optional<Advice> dram_bound() const {
    constexpr double kMuch = 0.2;
    Advice advice;
    std::int64_t waiting = 0;
    for (const NodeResult& row : result_.nodes) {
      if (!bound_by_memory(row)) continue;
      waiting += row.cycles;
      advice.nodes.push_back(row.name);
    }
    if (static_cast<double>(waiting) < kMuch * static_cast<double>(result_.cycles)) return {};
    DramBoundAdvice facts;
    facts.waiting = share(waiting);
    for (const NodeResult& row : result_.nodes) facts.weight_bytes += row.weight_bytes;
    facts.dram_bytes = result_.dram_read_bytes + result_.dram_write_bytes;
    const Residency room = roomy();
    const auto in_dram = tensors_in_dram(room);
    if (!in_dram.empty()) {
      DramBoundAdvice::Tensors tensors;
      for (const Tensor& tensor : in_dram) {
        tensors.traffic_bytes += tensor.traffic;
        tensors.names.push_back(tensor.name);
      }
      tensors.pins_ms = static_cast<double>(tensors.traffic_bytes) / (result_.pin_bandwidth_gbps * 1e6);
      tensors.room_bytes = round_up(room.high_water_bytes, 1024);
      tensors.room_now_bytes = input_.network.machine.sram.tensor_bytes;
      advice.what_if = WhatIf{{}, {}, tensors.room_bytes};
      facts.tensors = std::move(tensors);
    }
    advice.facts = std::move(facts);
    return advice;
  }

  const std::vector<Step>& steps_;
  const Network& network_;
  NetworkCompiler& compiler_;
  const RunResult& result_;
  const TimedAdviceInput& input_;
  std::map<std::string, const NodeResult*> rows_;
};

}  // namespace

std::vector<Advice> timed_advice(const TimedAdviceInput& input) {
  return TimedAdvisor(input).all();
}

void add_times(const RunResult& result, std::vector<Advice>& advice) {
  std::map<std::string, std::int64_t> cycles;
  for (const NodeResult& row : result.nodes) cycles[row.name] = row.cycles;
  for (Advice& line : advice) {
    std::int64_t spent = 0;
    for (const std::string& node : line.nodes)
      if (const auto row = cycles.find(node); row != cycles.end()) spent += row->second;
    if (!line.frees_nodes || spent == 0) continue;
    line.freed = share_of(result, spent);
    line.won_ms = line.freed->ms;
  }
}

}  // namespace bpusim
