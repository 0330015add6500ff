// The bytes that commands are executed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/quantise/quantise.h"
#include "models/commands/sram_bytes.h"
#include "models/memory/dram_port.h"

namespace bpusim {

/// One core's SRAM as a command sees it.
struct CoreSram {
  std::uint8_t* bytes = nullptr;

  /// Throws std::logic_error where no element of the type can lie at the address.
  template <class T>
  T* at(std::int64_t address) const {
    if (address % static_cast<std::int64_t>(alignof(T)) != 0)
      throw std::logic_error("SRAM: elements of " + std::to_string(sizeof(T)) + " bytes at " +
                             std::to_string(address));
    return reinterpret_cast<T*>(bytes + address);
  }

  /// Codes of either type as int16, and back: for operators of which a side is int16.
  std::vector<std::int16_t> widened(std::int64_t address, std::int64_t elements, DType dtype) const;
  void narrow(const std::vector<std::int16_t>& codes, std::int64_t address, DType dtype) const;
};

/// Memories that somebody else owns.
struct Memories {
  std::vector<SramBytes>& srams;  ///< one a core
  DramPort& dram;
  std::int64_t overflows = 0;  ///< accumulators that wrapped so far

  CoreSram sram(int core) const { return {srams[static_cast<std::size_t>(core)].data()}; }
};

}  // namespace bpusim
