#include "sim/compile/network_compiler.h"

#include <algorithm>

#include "sim/input_error.h"
#include "sim/lowering/program_builder.h"
#include "sim/operators/operator.h"
#include "sim/operators/tensor_codes.h"
#include "sim/plan/copies.h"

namespace bpusim {

namespace {

constexpr std::int64_t kTensorAlign = 4096;  // tensors start on pages, as an allocator for DMA gives them

constexpr std::int64_t kManyRows = 65536;  // of a DRAM bank, as the parts of boards have them

MachineParams without_tensor_room(MachineParams machine) {
  const std::int64_t bank = machine.sram.bytes / machine.sram.banks;
  machine.sram.bytes -= machine.sram.tensor_bytes;
  machine.sram.banks = std::max<std::int64_t>(1, machine.sram.bytes / bank);
  return machine;
}

std::int64_t dram_bytes(const DramParams& dram) {
  return dram.channels * dram.ranks * dram.bank_groups * dram.banks_per_group * dram.rows * dram.columns *
         (dram.bus_bits / 8);
}

// Programs of steps that follow each other on the BPU, as one. Their working memory takes turns at the two
// ends of the operators' SRAM, so that a step can load what it needs while the one before it still works.
class Linker {
 public:
  Linker(const MachineParams& operators, bool overlap, std::vector<Program>& programs)
      : sram_bytes_(operators.sram.bytes),
        bank_(aligned(operators.sram.bytes / operators.sram.banks)),
        overlap_(overlap),
        programs_(programs) {}

  void add(Program program, int node, bool on_bpu) {
    if (!overlap_ || !on_bpu) {
      flush();
      for (Command& command : program.commands) command.node = node;
      programs_.push_back(std::move(program));
      return;
    }
    if (!open_) builder_ = ProgramBuilder(program.name);
    open_ = true;
    builder_.append(program, at_the_top_ ? top_for(program.sram_bytes) : 0, node);
    at_the_top_ = !at_the_top_;
  }

  void flush() {
    if (open_) programs_.push_back(builder_.finish());
    open_ = false;
  }

 private:
  // The last place that starts a bank, or a word where banks are too coarse.
  std::int64_t top_for(std::int64_t bytes) const {
    const std::int64_t last = std::max<std::int64_t>(0, sram_bytes_ - bytes), at = last / bank_ * bank_;
    return at >= last / 2 ? at : last / 64 * 64;
  }

  const std::int64_t sram_bytes_, bank_;
  const bool overlap_;
  std::vector<Program>& programs_;
  ProgramBuilder builder_{""};
  bool open_ = false, at_the_top_ = false;
};

}  // namespace

void write_tensor(const TensorPlace& place, const std::vector<double>& values, DramPort& memory) {
  write_codes(memory, place, codes_on(values, place.grid).data());
}

NetworkCompiler::NetworkCompiler(const CompilerInput& input, DramPort& memory)
    : input_(input), memory_(memory), operators_(without_tensor_room(input.machine)) {}

std::int64_t NetworkCompiler::rehearse(const Program& program) {
  if (!rehearsal_) rehearsal_.emplace(input_.machine, false);
  rehearsal_->restart_dram();  // or what a step takes would depend on the steps before it
  return rehearsal_->run(program).cycles();
}

std::int64_t NetworkCompiler::allocate(std::int64_t bytes) {
  const std::int64_t address = next_address_, room = dram_bytes(input_.machine.dram);
  if (bytes > room - address) {
    std::int64_t rows = std::max<std::int64_t>(kManyRows, 2 * input_.machine.dram.rows);
    const double bytes_a_row = static_cast<double>(room) / static_cast<double>(input_.machine.dram.rows);
    while (static_cast<double>(rows) * bytes_a_row <
           static_cast<double>(address) + static_cast<double>(bytes))
      rows *= 2;
    throw InputError("the network's tensors take more than the " + std::to_string(room) +
                     " bytes of DRAM that machine " + input_.machine.name + " has (dram.rows is " +
                     std::to_string(input_.machine.dram.rows) + "); dram.rows=" + std::to_string(rows) +
                     " would do");
  }
  next_address_ += (bytes + kTensorAlign - 1) / kTensorAlign * kTensorAlign;
  return address;
}

// On the machine: float32 has no grid, whatever calibration would give it on the BPU.
Quantisation NetworkCompiler::grid_of(const std::string& value) const {
  if (input_.placed.sharing.is_float(value)) return {1, 0, DType::Float32};
  if (input_.placed.sharing.is_sums(value)) return {1, 0, DType::Int32};
  return input_.calibration.grids.at(value);
}

// Roots first, in the order in which steps meet them; what shares their bytes follows.
void NetworkCompiler::place_tensors() {
  const auto place = [&](const std::string& value) {
    const auto part = input_.placed.sharing.parts.find(value);
    if (part == input_.placed.sharing.parts.end() || places_.count(value) != 0) return;
    const std::string& root = part->second.root;
    if (places_.count(root) == 0) {
      TensorPlace tensor;
      tensor.grid = grid_of(root);
      tensor.elements = element_count(input_.placed.network.shape_of(root));
      tensor.grid_class = input_.placed.sharing.grid_classes.at(root);
      const auto on_chip = residency_.addresses.find(root);
      tensor.address = on_chip == residency_.addresses.end() ? allocate(tensor.bytes()) : on_chip->second;
      places_[root] = tensor;
    }
    TensorPlace tensor = places_.at(root);
    tensor.address += part->second.offset * byte_size(tensor.grid.dtype);
    tensor.elements = element_count(input_.placed.network.shape_of(value));
    tensor.grid = grid_of(value);
    tensor.grid_class = input_.placed.sharing.grid_classes.at(value);
    places_[value] = tensor;
  };
  for (const Step& step : input_.placed.steps) {
    const Node& last = input_.placed.last_node(step);
    for (const std::string& input : inputs_of(step, input_.placed.network)) {
      const bool fresh = places_.count(input) == 0;
      place(input);
      if (fresh) write_image(input);
    }
    for (const std::string& output : last.outputs) place(output);
  }
}

// Codes of a constant, or of an input of the network.
void NetworkCompiler::write_image(const std::string& value) {
  if (input_.golden == nullptr || !input_.golden->holds(value)) return;
  write_tensor(places_.at(value), input_.golden->get(value)->values, memory_);
}

// Of a copy that was added since the golden pass, its original's.
std::vector<double> NetworkCompiler::golden(const std::string& value) const {
  const GoldenStore& store = *input_.golden;
  return store.get(store.holds(value) ? value : original_of(input_.placed.network, value))->values;
}

LoweringContext NetworkCompiler::context() {
  return {input_.run,
          input_.placed.network,
          operators_,
          places_,
          input_.calibration.grids,
          made_on_,
          memory_,
          input_.golden != nullptr,
          [this](const std::string& value) { return golden(value); },
          [this](std::int64_t bytes) { return allocate(bytes); },
          [this](const Program& program) { return rehearse(program); },
          input_.calibration.text,
          input_.choices != nullptr ? *input_.choices : choices_};
}

LoweredStep NetworkCompiler::lower(const Step& step) {
  const LoweringContext lowering = context();
  return lower_step(step, lowering);
}

CompiledNetwork NetworkCompiler::compile() {
  CompiledNetwork compiled;
  residency_ = plan_residency(input_.placed, input_.machine);
  compiled.tensor_bytes = residency_.high_water_bytes;
  place_tensors();
  Linker linker(operators_, input_.run.overlap, compiled.programs);
  for (std::size_t s = 0; s < input_.placed.steps.size(); ++s) {
    const Step& step = input_.placed.steps[s];
    if (input_.listener != nullptr) input_.listener->report("compile", s, input_.placed.steps.size());
    const Node &first = input_.placed.first_node(step), &last = input_.placed.last_node(step);
    LoweredStep lowered;
    if (!find_operator(first.op)->alias || step.on_cpu()) lowered = lower(step);
    // Of exact and float32 tensors the BPU makes none: a step of its own is another shape of what the CPU
    // made.
    const Sharing& sharing = input_.placed.sharing;
    for (const std::string& output : last.outputs)
      made_on_[output] =
          sharing.is_exact(output) || sharing.is_float(output) ? Placement::Where::Cpu : step.placement.where;
    if (!lowered.channels.scales.empty()) places_.at(last.outputs[0]).channels = lowered.channels;
    for (Program& program : lowered.programs)
      linker.add(std::move(program), static_cast<int>(s), step.on_bpu());
    lowered.programs.clear();
    compiled.steps.push_back(std::move(lowered));
  }
  linker.flush();
  compiled.places = places_;
  return compiled;
}

std::int64_t NetworkCompiler::cycles_on_bpu(Step step) {
  if (!step.lowerable) return -1;
  step.placement.where = Placement::Where::Bpu;
  if (find_operator(input_.placed.first_node(step).op)->alias) return 0;
  const auto places = places_;
  for (auto& [value, place] : places_)  // there its tensors would be on grids
    if (place.grid.dtype == DType::Float32) place.grid = input_.calibration.grids.at(value);
  std::int64_t cycles = 0;
  try {
    for (const Program& program : lower(step).programs) cycles += rehearse(program);
  } catch (const InputError&) {  // no BPU of this kind could run it
    cycles = -1;
  }
  places_ = places;
  return cycles;
}

std::int64_t NetworkCompiler::cycles_on_cpu(const Step& step, const std::set<std::string>& from_bpu) {
  const auto made_on = made_on_;
  for (const std::string& value : from_bpu) made_on_[value] = Placement::Where::Bpu;
  std::int64_t cycles = 0;
  for (const Program& program : lower(step).programs) cycles += rehearse(program);
  made_on_ = made_on;
  return cycles;
}

}  // namespace bpusim
