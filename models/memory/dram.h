// DRAM as a SystemC module behind a TLM-2.0 target socket: its bytes, and the time that DramTiming gives.
#pragma once

#include <tlm.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <map>
#include <systemc>
#include <vector>

#include "models/memory/dram_timing.h"

namespace bpusim {

class Dram : public sc_core::sc_module {
 public:
  /// Without `storage` no bytes are kept and reads leave the initiator's buffer as it is; times are the same.
  Dram(const sc_core::sc_module_name& name, const DramParams& params, bool storage, std::int64_t window_fs);

  tlm_utils::simple_target_socket<Dram> socket;

  /// Untimed. Bytes never written read as 0. Throws std::out_of_range beyond the capacity.
  void write_bytes(std::int64_t address, const void* data, std::int64_t bytes);
  void read_bytes(std::int64_t address, void* data, std::int64_t bytes) const;

  const DramTiming& timing() const { return timing_; }
  /// As if switched on now, with the bytes that are there.
  void restart();

 private:
  static constexpr std::int64_t kPage = 65536;

  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);
  bool inside(std::int64_t address, std::int64_t bytes) const;
  void move(tlm::tlm_generic_payload& payload, const DramRuns& runs);

  DramTiming timing_;
  const std::int64_t fs_per_unit_;  // of the kernel's time resolution
  const bool storage_;
  std::map<std::int64_t, std::vector<std::uint8_t>> pages_;  // those that were written
};

}  // namespace bpusim
