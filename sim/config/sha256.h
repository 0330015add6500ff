// SHA-256 (FIPS 180-4) of what a result is made from.
#pragma once

#include <cstddef>
#include <string>

namespace bpusim {

/// Takes bytes piece by piece. libcrypto does the work, with the processor's own instructions: hashing a
/// model takes no more time than reading it.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(const void* bytes, std::size_t count);
  /// 64 hexadecimal digits of all that was added; once, at the end.
  std::string digits();

 private:
  void* context_;
};

std::string sha256(const std::string& bytes);

}  // namespace bpusim
