#include "models/machine.h"

#include <algorithm>
#include <stdexcept>
#include <systemc>

#include "models/engines/engine.h"
#include "models/memory/dram.h"

// libsystemc brings a main() that wants an sc_main(). Programs with a Machine have a main() of their own and
// need none; weak, so that one which brings its own keeps it.
extern "C" __attribute__((weak)) int sc_main(int, char**) {
  return 1;
}

namespace bpusim {

namespace {

// Untimed bytes for host tasks, images and results.
class DramBackdoor : public DramPort {
 public:
  explicit DramBackdoor(Dram& dram, bool function) : dram_(dram), function_(function) {}
  void read(std::int64_t address, void* data, std::int64_t bytes) override {
    if (function_) dram_.read_bytes(address, data, bytes);
  }
  void write(std::int64_t address, const void* data, std::int64_t bytes) override {
    if (function_) dram_.write_bytes(address, data, bytes);
  }

 private:
  Dram& dram_;
  bool function_;
};

// SystemC keeps one elaboration a context, so each machine gets its own; it is current while the machine is
// built, run and torn down.
class ContextScope {
 public:
  explicit ContextScope(sc_core::sc_simcontext* context) : previous_(sc_core::sc_curr_simcontext) {
    sc_core::sc_curr_simcontext = context;
  }
  ~ContextScope() { sc_core::sc_curr_simcontext = previous_; }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  sc_core::sc_simcontext* previous_;
};

sc_core::sc_simcontext* fresh_context() {
  auto* context = new sc_core::sc_simcontext();
  const ContextScope scope(context);
  sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
  return context;
}

}  // namespace

class Machine::Hardware {
 public:
  Hardware(const MachineParams& params, bool function);
  ~Hardware();

  ProgramResult run(const Program& program);

  std::unique_ptr<sc_core::sc_simcontext> context;
  std::vector<EngineInfo> infos;
  std::unique_ptr<MachineState> state;
  std::unique_ptr<Dram> memory;
  std::unique_ptr<DramBackdoor> backdoor;

 private:
  void build();
  int engine_for(const Program& program, int command) const;
  std::string stalled(const Program& program) const;

  std::unique_ptr<MemoryPort> port_;
  std::unique_ptr<Memories> memories_;
  std::vector<std::unique_ptr<Engine>> engines_;
};

Machine::Hardware::Hardware(const MachineParams& params, bool function) : context(fresh_context()) {
  const ContextScope scope(context.get());
  state = std::make_unique<MachineState>(params);
  state->function = function;
  memory = std::make_unique<Dram>("dram", params.dram, function,
                                  kPeakWindowCycles * static_cast<std::int64_t>(state->period.value()));
  backdoor = std::make_unique<DramBackdoor>(*memory, function);
  port_ = std::make_unique<MemoryPort>("memory_port");
  port_->socket.bind(memory->socket);
  const auto cores = static_cast<std::size_t>(params.bpu.cores);
  state->arbiters.assign(cores, SramArbiter(params.sram));
  state->streams.resize(cores);
  state->srams = make_srams(params.bpu.cores, function ? params.sram.bytes : 0);
  memories_ = std::make_unique<Memories>(Memories{state->srams, *backdoor});
  build();
}

Machine::Hardware::~Hardware() {
  const ContextScope scope(context.get());
  engines_.clear();
  port_.reset();
  memory.reset();
  state.reset();
}

void Machine::Hardware::build() {
  const auto index = [&] { return static_cast<int>(infos.size()); };
  const auto keep = [&](std::unique_ptr<Engine> engine) {
    infos.push_back(engine->info());
    state->engines.push_back(engine.get());
    engines_.push_back(std::move(engine));
  };
  const auto add_dma = [&](Unit unit, int core, int channel) {
    const std::string name =
        "core" + std::to_string(core) + (unit == Unit::Load ? ".load" : ".store") + std::to_string(channel);
    std::string module = name;
    module[module.find('.')] = '_';
    keep(std::make_unique<DmaEngine>(module.c_str(), *state, index(), EngineInfo{name, unit, core, channel},
                                     *port_));
  };
  for (int core = 0; core < state->params.bpu.cores; ++core) {
    for (int c = 0; c < state->params.dma.load_channels; ++c) add_dma(Unit::Load, core, c);
    for (int c = 0; c < state->params.dma.store_channels; ++c) add_dma(Unit::Store, core, c);
    for (const Unit unit : {Unit::Mac, Unit::Reduction, Unit::Vector, Unit::SpecialFunction}) {
      const std::string prefix = "core" + std::to_string(core);
      keep(std::make_unique<ComputeEngine>((prefix + "_" + to_string(unit)).c_str(), *state, index(),
                                           EngineInfo{prefix + "." + to_string(unit), unit, core, 0},
                                           *memories_));
    }
  }
  keep(std::make_unique<HostEngine>("host", *state, index(), EngineInfo{"host", Unit::Host, 0, 0},
                                    *memories_));
}

int Machine::Hardware::engine_for(const Program& program, int command) const {
  const Command& c = program.commands[static_cast<std::size_t>(command)];
  for (std::size_t e = 0; e < infos.size(); ++e) {
    if (infos[e].unit != c.unit) continue;
    if (c.unit == Unit::Host || (infos[e].core == c.core && infos[e].channel == c.channel))
      return static_cast<int>(e);
  }
  throw std::invalid_argument(program.name + ": " + describe(program, command) +
                              " names an engine that this machine lacks");
}

std::string Machine::Hardware::stalled(const Program& program) const {
  std::string message = program.name + ": the program stalls with " +
                        std::to_string(state->dispatcher.outstanding()) + " commands not retired:";
  for (const Engine* engine : state->engines) {
    if (engine->done()) continue;
    message +=
        "\n  " + engine->info().name + " holds " + describe(program, engine->head()) + ", which waits for";
    const auto missing = state->dispatcher.missing(engine->head());
    if (missing.empty()) message += " nothing";
    for (const int m : missing) message += " " + describe(program, m);
  }
  return message;
}

ProgramResult Machine::Hardware::run(const Program& program) {
  if (program.sram_bytes > state->params.sram.bytes)
    throw std::invalid_argument(program.name + ": needs " + std::to_string(program.sram_bytes) +
                                " bytes of SRAM; a core has " + std::to_string(state->params.sram.bytes));
  ProgramResult result;
  result.start_cycle = state->now();
  result.dram_read_bytes = -port_->read_bytes();
  result.dram_write_bytes = -port_->written_bytes();
  result.overflows = -memories_->overflows;

  state->program = &program;
  state->dispatcher.load(program, state->now());
  std::vector<std::vector<int>> queues(infos.size());
  state->engine_of.resize(program.commands.size());
  for (std::size_t c = 0; c < program.commands.size(); ++c) {
    const int engine = engine_for(program, static_cast<int>(c));
    state->engine_of[c] = engine;
    queues[static_cast<std::size_t>(engine)].push_back(static_cast<int>(c));
  }
  for (Observer* observer : state->observers) observer->program_started(program, state->now());
  for (std::size_t e = 0; e < queues.size(); ++e) state->engines[e]->load(std::move(queues[e]));
  sc_core::sc_start();
  if (state->failure) std::rethrow_exception(state->failure);
  // SystemC returns without a word when no event is left; only an empty dispatcher is an end.
  if (state->dispatcher.outstanding() > 0) throw std::runtime_error(stalled(program));
  for (Observer* observer : state->observers) observer->program_finished(program, state->now());

  result.end_cycle = state->now();
  result.dram_read_bytes += port_->read_bytes();
  result.dram_write_bytes += port_->written_bytes();
  result.overflows += memories_->overflows;
  for (const Command& command : program.commands) {
    const auto* task = std::get_if<HostTask>(&command.body);
    if (task == nullptr) continue;
    for (const DramBox& box : task->reads) result.dram_read_bytes += box.bytes();
    for (const DramBox& box : task->writes) result.dram_write_bytes += box.bytes();
  }
  return result;
}

Machine::Machine(const MachineParams& params, bool function)
    : hardware_(std::make_unique<Hardware>(params, function)) {}

Machine::~Machine() = default;

const std::vector<EngineInfo>& Machine::engines() const {
  return hardware_->infos;
}

void Machine::add_observer(Observer& observer) {
  hardware_->state->observers.push_back(&observer);
}

void Machine::remove_observer(Observer& observer) {
  auto& observers = hardware_->state->observers;
  observers.erase(std::remove(observers.begin(), observers.end(), &observer), observers.end());
}

DramPort& Machine::dram() {
  return *hardware_->backdoor;
}

void Machine::read_sram(int core, std::int64_t address, void* data, std::int64_t bytes) const {
  const SramBytes& sram = hardware_->state->srams.at(static_cast<std::size_t>(core));
  if (sram.empty()) return;
  if (address < 0 || address + bytes > static_cast<std::int64_t>(sram.size()))
    throw std::out_of_range("read_sram: beyond the SRAM");
  std::copy_n(sram.data() + address, bytes, static_cast<std::uint8_t*>(data));
}

void Machine::restart_dram() {
  const ContextScope scope(hardware_->context.get());
  hardware_->memory->restart();
}

DramActivity Machine::dram_activity() const {
  const auto& counters = hardware_->memory->timing().counters();
  return {counters.row_hits, counters.row_misses, counters.row_conflicts,
          hardware_->memory->timing().peak_window_bytes()};
}

ProgramResult Machine::run(const Program& program) {
  const ContextScope scope(hardware_->context.get());
  return hardware_->run(program);
}

}  // namespace bpusim
