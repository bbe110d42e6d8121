// Work that blocks its thread, done on a pool while the handler's fiber waits and its loop goes on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "segue/error.hpp"

namespace segue::loop {

struct OffloadOptions {
  std::size_t threads = 0;       ///< 0: as many as the machine has cores, at least 2.
  std::size_t queue_max = 1000;  ///< Jobs that wait for a thread; beyond: `unavailable`.
};

/// Threads that run jobs, in the order of their calls. Share one among the loops of a process; it
/// ends before they do. Its threads have the signal mask of the thread that makes it.
class OffloadPool {
 public:
  explicit OffloadPool(OffloadOptions options = {});
  /// Runs what is queued, then ends the threads.
  ~OffloadPool();
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  /// Runs `job()` on a thread of the pool and gives back what it returns; an exception of the job
  /// comes out of this call. The calling fiber waits meanwhile. Off a fiber, or if no thread could
  /// be started, the job runs right here.
  ///
  /// The job may refer to the caller's locals: this call never returns before the job has ended.
  /// So if the wait is cancelled (Fibers::cancel_all) the loop's thread blocks until it has; a job
  /// that itself needs that thread would hang, and must not.
  ///
  /// Errors: `unavailable` if the queue is full; the job has not run then.
  template <class Job>
  Result<std::invoke_result_t<Job&>> run(Job&& job) {
    using Value = std::invoke_result_t<Job&>;
    if constexpr (std::is_void_v<Value>) {
      return run_job([&job] { job(); });
    } else {
      std::optional<Value> value;
      auto done = run_job([&job, &value] { value.emplace(job()); });
      if (!done) return done.error();
      return *std::move(value);
    }
  }

  std::size_t threads() const { return threads_.size(); }

 private:
  struct Job;

  Result<void> run_job(std::function<void()> work);
  bool enqueue(std::shared_ptr<Job> job);
  void serve();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<std::shared_ptr<Job>> queue_;  // guarded by mutex_
  bool ending_ = false;                     // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace segue::loop
