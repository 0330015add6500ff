#include "models/commands/interpreter.h"

#include <algorithm>
#include <cstring>

#include "models/commands/memories.h"

namespace bpusim {

void FlatDram::read(std::int64_t address, void* data, std::int64_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes_.size());
  const std::int64_t there = std::clamp<std::int64_t>(size - address, 0, bytes);
  if (there > 0) std::memcpy(data, bytes_.data() + address, static_cast<std::size_t>(there));
  std::memset(static_cast<std::uint8_t*>(data) + there, 0, static_cast<std::size_t>(bytes - there));
}

void FlatDram::write(std::int64_t address, const void* data, std::int64_t bytes) {
  if (static_cast<std::int64_t>(bytes_.size()) < address + bytes)
    bytes_.resize(static_cast<std::size_t>(address + bytes));
  std::memcpy(bytes_.data() + address, data, static_cast<std::size_t>(bytes));
}

Interpreter::Interpreter(int cores, std::int64_t sram_bytes, DramPort& dram)
    : srams_(make_srams(cores, sram_bytes)), dram_(dram) {}

std::int64_t Interpreter::run(const Program& program) {
  Memories memories{srams_, dram_};
  for (const Command& command : program.commands) execute(command, program, memories);
  return memories.overflows;
}

std::int64_t interpret(const Program& program, int cores, std::int64_t sram_bytes, DramPort& dram) {
  return Interpreter(cores, sram_bytes, dram).run(program);
}

}  // namespace bpusim
