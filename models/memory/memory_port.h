// The way from the BPU to DRAM: one TLM-2.0 initiator socket, through which all DMA channels go. Any target
// that answers b_transport without waiting can stand behind it.
#pragma once

#include <tlm.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <systemc>

#include "models/memory/dram_timing.h"

namespace bpusim {

/// Ignorable extension of a payload, which is the first of `runs`: their data lie one behind the other. A
/// target that knows it serves them all and says so; for another the port sends the rest one by one.
class RunsExtension : public tlm::tlm_extension<RunsExtension> {
 public:
  DramRuns runs;
  bool served_all = false;

  tlm::tlm_extension_base* clone() const override { return new RunsExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const RunsExtension&>(other);
  }
};

class MemoryPort : public sc_core::sc_module {
 public:
  explicit MemoryPort(const sc_core::sc_module_name& name);
  ~MemoryPort() override;

  tlm_utils::simple_initiator_socket<MemoryPort> socket;

  /// Moves the runs' bytes, dense at `data`, at the present time and returns when, from now, the last of them
  /// has arrived. Throws std::out_of_range where the target refuses an address.
  sc_core::sc_time access(bool write, void* data, const DramRuns& runs);

  std::int64_t read_bytes() const { return read_bytes_; }
  std::int64_t written_bytes() const { return written_bytes_; }

 private:
  sc_core::sc_time send(bool write, std::uint8_t* data, const DramRuns& runs);

  RunsExtension extension_;
  tlm::tlm_generic_payload payload_;
  std::int64_t read_bytes_ = 0;
  std::int64_t written_bytes_ = 0;
};

}  // namespace bpusim
