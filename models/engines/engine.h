// The engines as SystemC modules: each takes the commands of its queue in order, one SC_METHOD and one event
// each. Only models/ includes this header.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <systemc>
#include <vector>

#include "models/commands/command.h"
#include "models/commands/memories.h"
#include "models/engines/dispatcher.h"
#include "models/engines/sram_arbiter.h"
#include "models/machine_params.h"
#include "models/memory/memory_port.h"
#include "models/observers/observer.h"

namespace bpusim {

class Engine;

/// What the engines of one machine share. Owned by the machine.
struct MachineState {
  explicit MachineState(const MachineParams& params);

  const MachineParams params;
  const sc_core::sc_time period;  ///< of the BPU clock
  bool function = true;
  const Program* program = nullptr;
  Dispatcher dispatcher;
  std::vector<SramArbiter> arbiters;            ///< one a core
  std::vector<std::map<int, Engine*>> streams;  ///< per core: who runs which stream of the arbiter
  std::vector<SramBytes> srams;                 ///< empty with function off
  std::vector<Engine*> engines;
  std::vector<int> engine_of;  ///< per command
  std::vector<Observer*> observers;
  std::exception_ptr failure;  ///< first error of any engine; all stop at it

  std::int64_t now() const;  ///< BPU cycles
  void retire(int command, const CommandTimes& times);
  void streams_changed(int core);  ///< tells engines whose streams the arbiter sped up or slowed
};

/// Queue, event and book-keeping common to all engines.
class Engine : public sc_core::sc_module {
 public:
  Engine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info);

  const EngineInfo& info() const { return info_; }
  void load(std::vector<int> queue);  ///< of a new program; the engine is idle
  virtual void poke();                ///< a command of the queue may have become ready
  virtual void stream_changed() {}    ///< the arbiter changed the pace of this engine's stream
  bool done() const { return head_ == queue_.size(); }
  int head() const { return queue_[head_]; }

 protected:
  virtual void step() = 0;
  virtual bool idle() const = 0;

  const Command& command(int index) const {
    return state_.program->commands[static_cast<std::size_t>(index)];
  }
  bool head_ready() const { return !done() && state_.dispatcher.ready(head()); }
  std::int64_t head_start() const;  ///< earliest cycle at which the ready head may start
  CommandTimes begin();             ///< takes the head from the queue and locks its ranges
  void wake_at(std::int64_t cycle);

  MachineState& state_;
  std::int64_t free_at_ = 0;

 private:
  void guarded_step();

  const int index_;
  const EngineInfo info_;
  sc_core::sc_event wake_;
  std::vector<int> queue_;
  std::size_t head_ = 0;
};

/// MAC array, reduction, vector, special-function unit: one command at a time, paced by the SRAM banks.
class ComputeEngine : public Engine {
 public:
  ComputeEngine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info,
                Memories& memories);
  void stream_changed() override;

 private:
  void step() override;
  bool idle() const override { return running_ < 0; }
  void start();
  void finish();

  Memories& memories_;
  int running_ = -1;
  int stream_ = 0;
  CommandTimes times_;
};

/// The host CPU: one task at a time, paced by its own cost model.
class HostEngine : public Engine {
 public:
  HostEngine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info,
             Memories& memories);

 private:
  void step() override;
  bool idle() const override { return running_ < 0; }

  Memories& memories_;
  int running_ = -1;
  CommandTimes times_;
};

/// A DMA channel: cuts transfers into requests, keeps a few of them outstanding, and starts on the next
/// transfer while the last data of one is still under way.
class DmaEngine : public Engine {
 public:
  DmaEngine(const sc_core::sc_module_name& name, MachineState& state, int index, EngineInfo info,
            MemoryPort& port);
  /// Data may be due before the new head can start: the earlier of both wakes the channel.
  void poke() override { schedule(); }

 private:
  struct Landing {
    std::int64_t cycle = 0;
    int command = 0;
    CommandTimes times;
  };

  void step() override;
  bool idle() const override { return issuing_ < 0; }
  void start();
  void issue();
  void land();
  DramRuns take(std::int64_t most);
  std::int64_t request(const DramRuns& pieces);
  std::uint8_t* next_bytes(const DramRuns& pieces);
  std::int64_t copy_within(const DramRuns& pieces);
  void schedule();

  MemoryPort& port_;
  int issuing_ = -1;
  CommandTimes times_;
  bool on_chip_ = false;              // the transfer under way
  std::vector<std::uint8_t> halves_;  // of one that doubles: what it has read, until all is there
  std::int64_t read_of_halves_ = 0;
  ChannelPrice price_;      // of that one
  BoxRuns runs_;            // of the transfer under way, from the first that is not moved whole
  std::int64_t moved_ = 0;  // bytes of that one that are
  std::int64_t sram_ = 0;   // where the next byte goes or comes from
  std::int64_t issue_at_ = 0;
  std::int64_t data_until_ = 0;           // completion of the latest request of this command
  std::deque<std::int64_t> outstanding_;  // completions of groups under way
  std::deque<Landing> landings_;
  int background_ = -1;                // of the arbiter, while issuing
  std::vector<std::uint8_t> scratch_;  // where data goes with function off
};

}  // namespace bpusim
