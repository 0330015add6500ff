#include "models/memory/dram.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "models/memory/memory_port.h"

namespace bpusim {

Dram::Dram(const sc_core::sc_module_name& name, const DramParams& params, bool storage,
           std::int64_t window_fs)
    : sc_module(name),
      socket("socket"),
      timing_(params, window_fs),
      fs_per_unit_(
          std::max<std::int64_t>(1, std::llround(sc_core::sc_get_time_resolution().to_seconds() * 1e15))),
      storage_(storage) {
  socket.register_b_transport(this, &Dram::b_transport);
  socket.register_transport_dbg(this, &Dram::transport_dbg);
}

bool Dram::inside(std::int64_t address, std::int64_t bytes) const {
  return address >= 0 && bytes >= 0 && address <= timing_.capacity_bytes() - bytes;
}

void Dram::write_bytes(std::int64_t address, const void* data, std::int64_t bytes) {
  if (!inside(address, bytes))
    throw std::out_of_range("write of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                            " is beyond the DRAM's " + std::to_string(timing_.capacity_bytes()) + " bytes");
  const auto* from = static_cast<const std::uint8_t*>(data);
  while (bytes > 0) {
    const std::int64_t offset = address % kPage, count = std::min(bytes, kPage - offset);
    auto& page = pages_[address / kPage];
    if (page.empty()) page.resize(kPage);
    std::memcpy(page.data() + offset, from, static_cast<std::size_t>(count));
    from += count;
    address += count;
    bytes -= count;
  }
}

void Dram::read_bytes(std::int64_t address, void* data, std::int64_t bytes) const {
  if (!inside(address, bytes))
    throw std::out_of_range("read of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                            " is beyond the DRAM's " + std::to_string(timing_.capacity_bytes()) + " bytes");
  auto* to = static_cast<std::uint8_t*>(data);
  while (bytes > 0) {
    const std::int64_t offset = address % kPage, count = std::min(bytes, kPage - offset);
    const auto page = pages_.find(address / kPage);
    if (page == pages_.end()) {
      std::memset(to, 0, static_cast<std::size_t>(count));
    } else {
      std::memcpy(to, page->second.data() + offset, static_cast<std::size_t>(count));
    }
    to += count;
    address += count;
    bytes -= count;
  }
}

void Dram::move(tlm::tlm_generic_payload& payload, const DramRuns& runs) {
  if (!storage_) return;
  unsigned char* data = payload.get_data_ptr();
  runs.for_each([&](std::int64_t address) {
    if (payload.is_write()) {
      write_bytes(address, data, runs.bytes);
    } else {
      read_bytes(address, data, runs.bytes);
    }
    data += runs.bytes;
  });
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  auto* extension = payload.get_extension<RunsExtension>();
  const DramRuns runs = extension != nullptr ? extension->runs
                                             : DramRuns{static_cast<std::int64_t>(payload.get_address()),
                                                        payload.get_data_length()};
  const std::int64_t last = runs.address + (runs.count - 1) * runs.stride + (runs.rows - 1) * runs.row_stride;
  if (!inside(runs.address, runs.bytes) || !inside(last, runs.bytes)) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const sc_core::sc_time earliest = sc_core::sc_time_stamp() + delay;
  const std::int64_t earliest_fs = static_cast<std::int64_t>(earliest.value()) * fs_per_unit_;
  const std::int64_t done_fs = timing_.access(earliest_fs, runs, payload.is_write());
  move(payload, runs);
  if (extension != nullptr) extension->served_all = true;
  // Rounded up, so that a coarser kernel never makes data early.
  delay += sc_core::sc_time::from_value(
      static_cast<std::uint64_t>((done_fs - earliest_fs + fs_per_unit_ - 1) / fs_per_unit_));
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Dram::restart() {
  timing_.restart(static_cast<std::int64_t>(sc_core::sc_time_stamp().value()) * fs_per_unit_);
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& payload) {
  const auto address = static_cast<std::int64_t>(payload.get_address());
  if (!inside(address, payload.get_data_length())) return 0;
  move(payload, {address, payload.get_data_length()});
  return payload.get_data_length();
}

}  // namespace bpusim
