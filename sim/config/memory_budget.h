// How much memory a file may make a run take: what is read and worked out is charged before it is allocated.
#pragma once

#include <cstdint>
#include <string>

namespace bpusim {

/// 1 GiB, or a quarter of the machine's memory where that is less.
std::int64_t default_memory_limit();

class MemoryBudget {
 public:
  /// `limit` in bytes; 0 stands for default_memory_limit().
  explicit MemoryBudget(std::int64_t limit = 0);

  /// Takes so many bytes for what `what` names ("m.onnx: Conv_3"). Throws InputError that names it, the limit
  /// and how to raise it where they are not there any more.
  void charge(double bytes, const std::string& what);
  /// Gives bytes back.
  void release(double bytes) { used_ -= bytes; }

  std::int64_t limit() const { return limit_; }

 private:
  std::int64_t limit_;
  double used_ = 0;
};

/// "1.5 GiB"
std::string memory_text(double bytes);

}  // namespace bpusim
