// The process's heap, set up for tensors.
#pragma once

namespace bpusim {

/// Lets large tensors reuse memory that the process has already, on huge pages where the system gives them.
/// Without it a run spends a third of its time on page faults: each large allocation is a mapping of its own,
/// which goes back to the system when it is freed. Call it once, before the first large allocation. Does
/// nothing where the C library is another than GNU's.
void prepare_heap();

}  // namespace bpusim
