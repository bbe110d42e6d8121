// The pool behind offload. A job is shared by the fiber that waits, the thread that works, and the
// task that wakes the fiber: whichever comes last frees it.
#include "loop/offload.hpp"

#include <algorithm>
#include <string>
#include <system_error>

#include "loop/fiber.hpp"
#include "loop/loop.hpp"

namespace segue::loop {
namespace {

std::size_t thread_count(std::size_t wanted) {
  if (wanted != 0) return wanted;
  return std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

}  // namespace

struct OffloadPool::Job {
  std::function<void()> work;
  Loop& loop;
  Parked* place;  // null once the fiber waits here no more; loop thread only
  std::exception_ptr thrown;
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;  // guarded by mutex

  Job(std::function<void()> todo, Loop& owner, Parked& at)
      : work(std::move(todo)), loop(owner), place(&at) {}

  // On a thread of the pool. Everything that belongs to the caller, captures and exception, is let
  // go of before `done`: after it the caller may free them.
  void perform() {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
    work = nullptr;
  }
  // Notified under the lock: so the waiter cannot go on to destroy the job before this is over.
  void finish() {
    const std::lock_guard lock(mutex);
    done = true;
    ended.notify_one();
  }
  void wait_until_done() {
    std::unique_lock lock(mutex);
    ended.wait(lock, [this] { return done; });
  }
};

OffloadPool::OffloadPool(OffloadOptions options) : queue_max_(options.queue_max) {
  const std::size_t count = thread_count(options.threads);
  threads_.reserve(count);
  try {
    while (threads_.size() < count) threads_.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {
    // A limit on threads: fewer of them do the work, or the callers themselves.
  }
}

OffloadPool::~OffloadPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wanted_.notify_all();
  for (auto& thread : threads_) thread.join();
}

Result<void> OffloadPool::run_job(std::function<void()> work) {
  Loop* const loop = Loop::current();
  if (loop == nullptr || !loop->fibers().on_fiber() || threads_.empty()) {
    work();
    return {};
  }
  Parked place;
  const auto job = std::make_shared<Job>(std::move(work), *loop, place);
  if (!enqueue(job)) {
    return Error{ErrorCode::unavailable,
                 "cannot offload: " + std::to_string(queue_max_) +
                     " jobs wait already; raise OffloadOptions::queue_max or threads"};
  }
  if (loop->fibers().suspend(place) == Wake::cancelled) {
    job->place = nullptr;
    job->wait_until_done();
  }
  if (job->thrown) std::rethrow_exception(std::move(job->thrown));
  return {};
}

bool OffloadPool::enqueue(std::shared_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(job));
  }
  wanted_.notify_one();
  return true;
}

void OffloadPool::serve() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job->perform();
    Loop& loop = job->loop;
    job->finish();
    loop.post([job = std::move(job)] {
      if (job->place != nullptr) job->loop.fibers().resume(*job->place);
    });
  }
}

}  // namespace segue::loop
