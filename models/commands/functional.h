// What each command does to bytes, without time: the machine's engines and the in-order interpreter share it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/commands/command.h"

namespace bpusim {

using SramBytes = std::vector<std::uint8_t>;

/// Executes commands on memories that somebody else owns.
class FunctionalUnit {
 public:
  FunctionalUnit(std::vector<SramBytes>& srams, DramPort& dram) : srams_(srams), dram_(dram) {}

  void execute(const Program& program, const Command& command);

  /// Accumulators that wrapped since construction.
  std::int64_t overflows() const { return overflows_; }

 private:
  std::vector<SramBytes>& srams_;
  DramPort& dram_;
  std::int64_t overflows_ = 0;
};

/// DRAM as plain bytes, growing with use.
class FlatDram : public DramPort {
 public:
  void read(std::int64_t address, void* data, std::int64_t bytes) override;
  void write(std::int64_t address, const void* data, std::int64_t bytes) override;

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Runs a program command by command in its own order, untimed: the reference for what the timed machine
/// leaves in DRAM. Returns the number of accumulators that wrapped.
std::int64_t interpret(const Program& program, int cores, std::int64_t sram_bytes, DramPort& dram);

}  // namespace bpusim
