// What is said where an operator's least tile does not fit.
#pragma once

#include <cstdint>
#include <string>

#include "models/machine_params.h"

namespace bpusim {

/// " bytes of SRAM…; a core has … N; sram.bytes=M would do" behind the bytes that are needed: M is the size,
/// doubled until what it leaves to operators holds them, where the room of tensors grows alike. `machine` has
/// in sram.bytes what operators have, less sram.tensor_bytes.
inline std::string short_of_sram(std::int64_t needed, const std::string& with, const MachineParams& machine) {
  const std::int64_t room = machine.sram.bytes;
  std::int64_t times = 1;
  while (times * room < needed) times *= 2;
  return std::to_string(needed) + " bytes of SRAM" + with +
         "; a core has (sram.bytes, less sram.tensor_bytes) " + std::to_string(room) +
         "; sram.bytes=" + std::to_string(times * (room + machine.sram.tensor_bytes)) + " would do";
}

}  // namespace bpusim
