#include "models/memory/memory_port.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace bpusim {

MemoryPort::MemoryPort(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_extension(&extension_);
}

MemoryPort::~MemoryPort() {
  payload_.clear_extension(&extension_);  // a payload deletes what it has
}

sc_core::sc_time MemoryPort::access(bool write, void* data, const DramRuns& runs) {
  auto* bytes = static_cast<std::uint8_t*>(data);
  sc_core::sc_time delay = send(write, bytes, runs);
  if (!extension_.served_all) {
    bool first = true;
    runs.for_each([&](std::int64_t address) {
      if (!first) delay = std::max(delay, send(write, bytes, {address, runs.bytes}));
      first = false;
      bytes += runs.bytes;
    });
  }
  (write ? written_bytes_ : read_bytes_) += runs.total_bytes();
  return delay;
}

sc_core::sc_time MemoryPort::send(bool write, std::uint8_t* data, const DramRuns& runs) {
  extension_.runs = runs;
  extension_.served_all = false;
  payload_.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload_.set_address(static_cast<std::uint64_t>(runs.address));
  payload_.set_data_ptr(data);
  payload_.set_data_length(static_cast<unsigned>(runs.bytes));
  payload_.set_streaming_width(static_cast<unsigned>(runs.bytes));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket->b_transport(payload_, delay);
  if (!payload_.is_response_ok())
    throw std::out_of_range("DRAM refuses " + std::string(write ? "write" : "read") + " of " +
                            std::to_string(runs.bytes) + " bytes at address " + std::to_string(runs.address) +
                            ": " + payload_.get_response_string());
  return delay;
}

}  // namespace bpusim
