// DRAM as plain bytes, for what needs no time.
#pragma once

#include <cstdint>

namespace bpusim {

/// Byte access to DRAM, for what runs on the host.
class DramPort {
 public:
  virtual ~DramPort() = default;
  virtual void read(std::int64_t address, void* data, std::int64_t bytes) = 0;
  virtual void write(std::int64_t address, const void* data, std::int64_t bytes) = 0;
};

}  // namespace bpusim
