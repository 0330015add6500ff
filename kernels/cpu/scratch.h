// Working memory that a thread keeps from one call of a kernel to the next: big layers would otherwise spend
// their time on page faults.
#pragma once

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstddef>

namespace bpusim {

/// Aligned elements without initial values. Declare it thread_local.
template <class T>
class Scratch {
 public:
  /// At least `count` elements; what was there before is lost when it grows.
  T* reserve(std::size_t count) {
    if (count > size_) {
      size_ = std::max(count, 2 * size_);
      elements_ = hwy::AllocateAligned<T>(size_);
    }
    return elements_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<T[]> elements_;
  std::size_t size_ = 0;
};

}  // namespace bpusim
