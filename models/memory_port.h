// The way from the BPU to DRAM: one TLM-2.0 initiator socket, through which all DMA channels go. Any target
// that answers b_transport without waiting can stand behind it.
#pragma once

#include <tlm.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <systemc>

namespace bpusim {

class MemoryPort : public sc_core::sc_module {
 public:
  explicit MemoryPort(const sc_core::sc_module_name& name);

  tlm_utils::simple_initiator_socket<MemoryPort> socket;

  /// Moves bytes at the present time and returns when, from now, the last of them has arrived. Throws
  /// std::out_of_range where the target refuses the address.
  sc_core::sc_time access(bool write, std::int64_t address, void* data, std::int64_t bytes);

  std::int64_t read_bytes() const { return read_bytes_; }
  std::int64_t written_bytes() const { return written_bytes_; }

 private:
  tlm::tlm_generic_payload payload_;
  std::int64_t read_bytes_ = 0;
  std::int64_t written_bytes_ = 0;
};

}  // namespace bpusim
