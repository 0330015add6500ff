#include "models/memory_port.h"

#include <stdexcept>
#include <string>

namespace bpusim {

MemoryPort::MemoryPort(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {}

sc_core::sc_time MemoryPort::access(bool write, std::int64_t address, void* data, std::int64_t bytes) {
  payload_.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload_.set_address(static_cast<std::uint64_t>(address));
  payload_.set_data_ptr(static_cast<unsigned char*>(data));
  payload_.set_data_length(static_cast<unsigned>(bytes));
  payload_.set_streaming_width(static_cast<unsigned>(bytes));
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket->b_transport(payload_, delay);
  if (!payload_.is_response_ok())
    throw std::out_of_range("DRAM refuses " + std::string(write ? "write" : "read") + " of " +
                            std::to_string(bytes) + " bytes at address " + std::to_string(address) + ": " +
                            payload_.get_response_string());
  (write ? written_bytes_ : read_bytes_) += bytes;
  return delay;
}

}  // namespace bpusim
