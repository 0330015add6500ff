// A whole BPU with its DRAM and host: runs programs one after another on one clock, and keeps the bytes in
// DRAM between them. SystemC stays behind this header.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/commands/command.h"
#include "models/machine_params.h"
#include "models/observers/observer.h"

namespace bpusim {

/// What a program took.
struct ProgramResult {
  std::int64_t start_cycle = 0, end_cycle = 0;
  std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;  ///< that DMA channels and the host asked for
  std::int64_t overflows = 0;                              ///< accumulators that wrapped
  std::int64_t cycles() const { return end_cycle - start_cycle; }
};

/// What the DRAM did since the machine was built.
struct DramActivity {
  std::int64_t row_hits = 0, row_misses = 0, row_conflicts = 0;
  std::int64_t peak_window_bytes = 0;  ///< most bytes within one window of kPeakWindowCycles
};
constexpr std::int64_t kPeakWindowCycles = 4096;

class Machine {
 public:
  /// With `function` off no bytes are kept or computed; cycles are the same.
  explicit Machine(const MachineParams& params, bool function = true);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const std::vector<EngineInfo>& engines() const;
  void add_observer(Observer& observer);  ///< must outlive the machine's runs
  void remove_observer(Observer& observer);

  /// Untimed access to DRAM, for images and results. Nothing happens with function off.
  DramPort& dram();

  /// Bytes of a core's SRAM, where tensors stay between programs. Nothing happens with function off.
  void read_sram(int core, std::int64_t address, void* data, std::int64_t bytes) const;

  /// Runs a program to its end. Throws std::invalid_argument where a command names an engine that the
  /// machine lacks, HazardError where two commands meet on the same bytes, and std::runtime_error that lists
  /// what each engine waits for where the program stalls.
  ProgramResult run(const Program& program);

  /// Makes the next run independent of those before it: the DRAM is as if switched on at this cycle, with its
  /// bytes.
  void restart_dram();

  DramActivity dram_activity() const;

 private:
  class Hardware;
  std::unique_ptr<Hardware> hardware_;
};

}  // namespace bpusim
