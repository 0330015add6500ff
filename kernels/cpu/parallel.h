// Work that falls into independent parts, on as many threads as the machine has.
#pragma once

#include <cstdint>
#include <functional>

namespace bpusim {

/// Threads that parallel_for uses, the calling one among them; as many as the machine runs at a time until
/// set_thread_count() says otherwise.
int thread_count();

/// From 1 (no other thread) on; takes effect with the next parallel_for.
void set_thread_count(int threads);

/// Calls task(i) once for each i of [0, count), in any order and on any thread, and returns when all are
/// done. The parts must not depend on one another, and no result on which thread ran them. A call from within
/// a task runs on the task's own thread, and so do all where `work` in all (elements touched, products) is
/// too little to wake a thread for. The first exception that a task throws is thrown here.
void parallel_for(std::int64_t count, std::int64_t work, const std::function<void(std::int64_t)>& task);

}  // namespace bpusim
