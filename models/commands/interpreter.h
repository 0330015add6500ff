// Programs without time, on plain memories.
#pragma once

#include <cstdint>
#include <vector>

#include "models/commands/command.h"
#include "models/commands/sram_bytes.h"
#include "models/memory/dram_port.h"

namespace bpusim {

/// DRAM as plain bytes, growing with use.
class FlatDram : public DramPort {
 public:
  void read(std::int64_t address, void* data, std::int64_t bytes) override;
  void write(std::int64_t address, const void* data, std::int64_t bytes) override;

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Runs programs command by command in their own order on one SRAM of `sram_bytes` a core, which starts as
/// zeros and keeps its bytes from program to program: the reference for what the timed machine leaves in
/// DRAM.
class Interpreter {
 public:
  Interpreter(int cores, std::int64_t sram_bytes, DramPort& dram);

  /// Returns the number of accumulators that wrapped.
  std::int64_t run(const Program& program);

 private:
  std::vector<SramBytes> srams_;
  DramPort& dram_;
};

/// One program on an interpreter of its own.
std::int64_t interpret(const Program& program, int cores, std::int64_t sram_bytes, DramPort& dram);

}  // namespace bpusim
