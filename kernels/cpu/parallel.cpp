#include "kernels/cpu/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace bpusim {

namespace {

std::atomic<int> wanted_threads{0};  // 0: as many as the machine runs
thread_local bool inside_task = false;

// One parallel_for. Helpers that wake up late find nothing left and go: nobody waits for them.
struct Batch {
  const std::function<void(std::int64_t)>& task;
  const std::int64_t count;
  std::atomic<std::int64_t> next{0}, done{0};
  std::mutex mutex;
  std::condition_variable finished;
  std::exception_ptr error;

  Batch(const std::function<void(std::int64_t)>& task_, std::int64_t count_) : task(task_), count(count_) {}

  void work() {
    inside_task = true;
    for (std::int64_t i = next++; i < count; i = next++) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!error) error = std::current_exception();
      }
      if (++done == count) {
        const std::lock_guard<std::mutex> lock(mutex);
        finished.notify_all();
      }
    }
    inside_task = false;
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    finished.wait(lock, [this] { return done == count; });
  }
};

// Threads that sleep until there is a batch.
class Pool {
 public:
  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void help(const std::shared_ptr<Batch>& batch, int helpers) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(threads_.size()) < helpers) threads_.emplace_back([this] { run(); });
      for (int i = 0; i < helpers; ++i) waiting_.push_back(batch);
    }
    wake_.notify_all();
  }

 private:
  void run() {
    while (true) {
      std::shared_ptr<Batch> batch;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
        if (stop_) return;
        batch = std::move(waiting_.back());
        waiting_.pop_back();
      }
      batch->work();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Batch>> waiting_;
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

Pool& pool() {
  static Pool instance;
  return instance;
}

}  // namespace

int thread_count() {
  // Asked once: the answer is a file of the system's each time, and kernels ask for every tensor.
  static const int of_machine = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int wanted = wanted_threads;
  return wanted > 0 ? wanted : of_machine;
}

void set_thread_count(int threads) {
  wanted_threads = std::max(1, threads);
}

void parallel_for(std::int64_t count, std::int64_t work, const std::function<void(std::int64_t)>& task) {
  constexpr std::int64_t kWorthAThread = 1 << 17;  // waking one takes some ten microseconds
  const int helpers = static_cast<int>(std::min<std::int64_t>(thread_count(), count)) - 1;
  if (helpers < 1 || inside_task || work < kWorthAThread) {
    for (std::int64_t i = 0; i < count; ++i) task(i);
    return;
  }
  const auto batch = std::make_shared<Batch>(task, count);
  pool().help(batch, helpers);
  batch->work();
  batch->wait();
  if (batch->error) std::rethrow_exception(batch->error);
}

}  // namespace bpusim
