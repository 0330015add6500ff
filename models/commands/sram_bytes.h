// The bytes of one core's SRAM on the machine that simulates it: pages that nobody touches take no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bpusim {

/// So many bytes, all 0 at first.
class SramBytes {
 public:
  /// Throws std::bad_alloc.
  explicit SramBytes(std::size_t bytes = 0);
  SramBytes(const SramBytes& other);
  SramBytes(SramBytes&& other) noexcept;
  SramBytes& operator=(SramBytes other) noexcept;
  ~SramBytes();

  std::uint8_t* data() { return bytes_; }
  const std::uint8_t* data() const { return bytes_; }
  std::uint8_t* begin() { return bytes_; }
  std::uint8_t* end() { return bytes_ + size_; }
  const std::uint8_t* begin() const { return bytes_; }
  const std::uint8_t* end() const { return bytes_ + size_; }
  std::uint8_t& operator[](std::size_t at) { return bytes_[at]; }
  std::uint8_t operator[](std::size_t at) const { return bytes_[at]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool operator==(const SramBytes& other) const;

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// One a core.
std::vector<SramBytes> make_srams(std::int64_t cores, std::int64_t bytes);

}  // namespace bpusim
