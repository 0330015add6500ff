#include "models/commands/sram_bytes.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

namespace bpusim {

SramBytes::SramBytes(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  void* const pages =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  bytes_ = static_cast<std::uint8_t*>(pages);
}

SramBytes::SramBytes(const SramBytes& other) : SramBytes(other.size_) {
  std::copy(other.begin(), other.end(), bytes_);
}

SramBytes::SramBytes(SramBytes&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SramBytes& SramBytes::operator=(SramBytes other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

SramBytes::~SramBytes() {
  if (bytes_ != nullptr) ::munmap(bytes_, size_);
}

bool SramBytes::operator==(const SramBytes& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::vector<SramBytes> make_srams(std::int64_t cores, std::int64_t bytes) {
  std::vector<SramBytes> srams;
  for (std::int64_t core = 0; core < cores; ++core) srams.emplace_back(static_cast<std::size_t>(bytes));
  return srams;
}

}  // namespace bpusim
