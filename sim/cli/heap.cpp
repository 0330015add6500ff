#include "sim/cli/heap.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace bpusim {

// Sanitizers have an allocator of their own.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

constexpr std::size_t kAdvised = std::size_t{2} << 30;  // of address space; pages come when they are touched
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// The top of the heap grows over this range, so the advice holds for what is allocated there later on.
void advise_huge_pages() {
  void* range = std::malloc(kAdvised);
  if (range == nullptr) return;  // a limit on address space
  void* first = range;
  std::size_t bytes = kAdvised;
  if (std::align(kHugePage, kHugePage, first, bytes) != nullptr)
    ::madvise(first, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
  std::free(range);
}

}  // namespace

void prepare_heap() {
  ::mallopt(M_MMAP_MAX, 0);         // large allocations from the heap, too
  ::mallopt(M_TRIM_THRESHOLD, -1);  // which never shrinks
  ::mallopt(M_ARENA_MAX, 1);
  advise_huge_pages();
}

#else

void prepare_heap() {}

#endif

}  // namespace bpusim
