#include "sim/operators/step_lowering.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "kernels/vector/vector_int16.h"
#include "sim/input_error.h"
#include "sim/lowering/estimate.h"
#include "sim/lowering/int16_tables.h"
#include "sim/network/own_name.h"
#include "sim/operators/host_lowering.h"
#include "sim/operators/operator.h"

namespace bpusim {

namespace {

constexpr std::size_t kRehearsed = 4;  // candidates that the machine times
constexpr std::int64_t kTileSizes[] = {8 << 10, 32 << 10, 128 << 10, 512 << 10};

std::int64_t dram_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const Command& command : program.commands)
    if (const auto* transfer = std::get_if<Transfer>(&command.body))
      if (transfer->dram.base < kSramWindow) bytes += transfer->dram.bytes();
  return bytes;
}

template <class Map>
void print(const Map& map, std::string& text) {
  for (const auto& [name, value] : map) {
    text += name + "=";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
      text += std::to_string(value);
    } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
      text += value;
    } else {
      for (const auto& item : value) text += std::to_string(item) + ",";
    }
    text += ";";
  }
}

}  // namespace

StepLowering::StepLowering(const Step& step_, const LoweringContext& context_)
    : step(step_),
      context(context_),
      machine(context_.machine),
      node(context_.network.nodes[step_.nodes.front()]),
      options(context_.run.options_of(node.name)) {}

int StepLowering::widest() const {
  int bytes = byte_size(out().grid.dtype);
  for (const std::string& input : operands_of(node, context.network))
    bytes = std::max(bytes, byte_size(place(input).grid.dtype));
  return bytes;
}

void StepLowering::refuse(const std::string& what) const {
  throw InputError(step.name + ": " + what);
}

LoweredStep StepLowering::begin(const std::string& mapping) const {
  LoweredStep lowered;
  lowered.mapping = mapping;
  lowered.inputs = inputs_of(step, context.network);
  for (const std::string& output : last_node().outputs)
    if (context.places.count(output) != 0) lowered.outputs.push_back(output);
  const auto in_dram = [&](const std::string& value) { return place(value).address < kSramWindow; };
  for (const std::string& input : lowered.inputs)
    (in_dram(input) ? lowered.work.read_bytes : lowered.work.sram_read_bytes) += place(input).bytes();
  for (const std::string& output : lowered.outputs)
    (in_dram(output) ? lowered.work.write_bytes : lowered.work.sram_write_bytes) += place(output).bytes();
  return lowered;
}

std::int64_t StepLowering::constants(const void* data, std::int64_t bytes) const {
  const std::int64_t address = context.allocate(bytes);
  if (data != nullptr && context.function) context.dram.write(address, data, bytes);
  return address;
}

// Everything of a step that decides how it is lowered best: its nodes, their shapes and options, the element
// types, and which of its tensors are on chip.
std::string StepLowering::signature() const {
  std::string text = std::string(to_string(step.placement.where)) +
                     (options.mapping ? to_string(*options.mapping) : "") + "|";
  for (const std::size_t n : step.nodes) {
    const Node& each = context.network.nodes[n];
    text += each.op + "(";
    print(each.attributes.ints, text);
    print(each.attributes.floats, text);
    print(each.attributes.strings, text);
    print(each.attributes.int_lists, text);
    for (const auto* values : {&each.inputs, &each.outputs})
      for (const std::string& name : *values) {
        const auto found = context.places.find(name);
        text += name.empty() ? "-" : to_string(context.network.shape_of(name));
        if (found == context.places.end()) continue;
        text += (found->second.address >= kSramWindow ? "s" + std::to_string(core_of(found->second.address))
                                                      : "d") +
                to_string(found->second.grid.dtype);
        if (found->second.grid.asymmetric) text += "a";
      }
    text += ")";
  }
  if (step.nodes.size() == 1 && node.inputs.size() > 1)  // what moves elements may have constants that decide
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const auto value = context.network.values.find(node.inputs[i]);
      if (value == context.network.values.end() || !value->second.data || value->second.data->size() > 16)
        continue;
      for (const double v : value->second.data->values) text += "," + std::to_string(v);
    }
  return text;
}

namespace {

struct Candidate {
  LoweringChoice choice;
  Program program;
  std::int64_t estimate = 0;
};

// The candidates that mappings and tile sizes make. Steps that take half of the operators' SRAM let the next
// one load while they run; the whole is for those that do not fit, or that would move data more than once.
class Candidates {
 public:
  Candidates(const MachineParams& machine, const StepLowering::Lower& lower)
      : machine_(machine), half_(machine), lower_(lower) {
    half_.sram.bytes /= 2;
    half_.sram.banks = std::max<std::int64_t>(1, half_.sram.banks / 2);
  }

  Program lowered(const LoweringChoice& choice) const { return lower_(choice, machine_of(choice)); }

  // With half of the SRAM, and with the whole where that moves no less data than `bytes` allow.
  void add_overlapping(const std::string& mapping, std::int64_t bytes) {
    const std::size_t before = all_.size();
    add(mapping, false);
    bool once = all_.size() > before;
    for (std::size_t c = before; c < all_.size(); ++c)
      once = once && dram_bytes(all_[c].program) <= bytes * 102 / 100;
    if (!once) add(mapping, true);
  }

  void add(const std::string& mapping, bool whole_sram) {
    for (const std::int64_t tile : kTileSizes) {
      const LoweringChoice choice{mapping, tile, whole_sram};
      if (tile > kTileSizes[0] && tile > machine_of(choice).sram.bytes / 2) break;
      try {
        Candidate candidate{choice, lowered(choice), 0};
        candidate.estimate = estimate_cycles(candidate.program, machine_);
        all_.push_back(std::move(candidate));
      } catch (const std::invalid_argument& refused) {
        error_ = refused;
        break;
      }
    }
  }

  // The fastest by rehearsal of the few that are by estimate. Throws why the last did not fit where none
  // does.
  Candidate take_fastest(const std::function<std::int64_t(const Program&)>& rehearse) {
    if (all_.empty()) throw *error_;
    sort_by_estimate();
    std::size_t best = 0;
    double least = 0;
    const std::size_t rehearsed = all_.size() == 1 ? 0 : std::min(all_.size(), kRehearsed);
    for (std::size_t c = 0; c < rehearsed; ++c) {
      constexpr double kWholePenalty = 1.05;  // the next step can't load early
      const double cycles =
          static_cast<double>(rehearse(all_[c].program)) * (all_[c].choice.whole_sram ? kWholePenalty : 1.0);
      if (c > 0 && cycles >= least) continue;
      least = cycles;
      best = c;
    }
    return std::move(all_[best]);
  }

 private:
  const MachineParams& machine_of(const LoweringChoice& choice) const {
    return choice.whole_sram ? machine_ : half_;
  }

  void sort_by_estimate() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.estimate < b.estimate; });
    // Tile sizes beyond what a step needs make the same program again: no reason to rehearse it again.
    const auto same = [](const Candidate& a, const Candidate& b) {
      return a.estimate == b.estimate && a.choice.mapping == b.choice.mapping &&
             a.choice.whole_sram == b.choice.whole_sram;
    };
    all_.erase(std::unique(all_.begin(), all_.end(), same), all_.end());
  }

  const MachineParams& machine_;
  MachineParams half_;
  const StepLowering::Lower& lower_;
  std::vector<Candidate> all_;
  std::optional<std::invalid_argument> error_;
};

std::string no_room_for_tables(std::int64_t bytes, const MachineParams& machine) {
  return "the tables of its functions of int16 take " + std::to_string(bytes) + " bytes of SRAM, of " +
         std::to_string(machine.sram.bytes) +
         " that it has; a smaller vector.int16_table_entries draws them straight in between";
}

}  // namespace

LookupPlan StepLowering::table(const RealFunction& function, const Quantisation& in,
                               const Quantisation& out) {
  LookupPlan plan;
  plan.in = in;
  plan.out = out;
  if (in.dtype != DType::Int16) return context.function ? plan_lookup(function, in, out) : plan;
  while (std::int64_t{1} << (16 - plan.segment_bits) > machine.vector.int16_table_entries)
    ++plan.segment_bits;
  plan.address = context.function ? constants(int16_table(function, plan))
                                  : reserve(int16_table_bytes(plan.segment_bits));
  table_room_ += int16_table_room(plan.segment_bits);
  return plan;
}

Program StepLowering::fastest(const std::vector<std::string>& mappings, const Work& work, const Lower& lower,
                              std::string* mapping) const {
  std::string key = signature();
  for (const std::string& m : mappings) key += "/" + m;
  const Lower beside_tables = [&](const LoweringChoice& choice, const MachineParams& shown) {
    MachineParams rest = shown;
    rest.sram.bytes -= table_room_;
    if (rest.sram.bytes <= 0) throw std::invalid_argument(no_room_for_tables(table_room_, shown));
    return with_int16_tables(lower(choice, rest), table_room_);
  };
  Candidates candidates(machine, table_room_ == 0 ? lower : beside_tables);
  const auto known = context.choices.find(key);
  if (known != context.choices.end()) {
    if (mapping != nullptr) *mapping = known->second.mapping;
    return candidates.lowered(known->second);
  }
  for (const std::string& m : mappings) {
    if (context.run.overlap) {
      candidates.add_overlapping(m, work.read_bytes + work.write_bytes);
    } else {
      candidates.add(m, true);
    }
  }
  Candidate best = candidates.take_fastest(context.rehearse);
  context.choices[key] = best.choice;
  if (mapping != nullptr) *mapping = best.choice.mapping;
  return std::move(best.program);
}

LoweredStep lower_step(const Step& step, const LoweringContext& context) {
  try {
    if (step.on_cpu()) return lower_host(step, context);
    StepLowering lowering(step, context);
    const OperatorDefinition* row = find_operator(lowering.node.op);
    if (row != nullptr && row->lower != nullptr) return row->lower(lowering);
  } catch (const std::invalid_argument& error) {
    const std::string& op = context.network.nodes[step.nodes.front()].op;
    throw InputError(step.name + ": " + in_own_name(op, error.what()));
  }
  throw InputError(step.name + ": " + context.network.nodes[step.nodes.front()].op +
                   " has no lowering for the BPU; a policy that puts it on the CPU runs it");
}

}  // namespace bpusim
