// One epoll loop for one thread. Everything but post() and stop() belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "loop/fiber.hpp"
#include "loop/timer.hpp"
#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::loop {

/// What waits for a descriptor. Not owned by the loop.
class Watcher {
 public:
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> create(const os::Os& os, FiberOptions fibers = {});
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Watches `fd` (level-triggered EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLEXCLUSIVE...). One watcher
  /// per descriptor.
  Result<void> watch(int fd, std::uint32_t events, Watcher& watcher);
  /// Changes the events of a watched descriptor; 0 keeps it registered for errors only.
  void rewatch(int fd, std::uint32_t events);
  /// Stops watching. No event of the current turn reaches the watcher any more, even if the number
  /// is reused within the turn.
  void unwatch(int fd);

  /// Runs `task` on the loop's thread in a later turn. Any thread.
  void post(std::function<void()> task);
  /// Runs `task` once at the end of the current turn (after all its events). Loop thread.
  void defer(std::function<void()> task);

  /// Turns until stop(). On entry makes itself `current()` for the thread.
  void run();
  /// One turn: waits at most `timeout_ms` (-1: until something happens). For tests and run().
  void turn(int timeout_ms);
  void stop();  ///< Any thread.

  TimerWheel& timers() { return timers_; }
  Fibers& fibers() { return fibers_; }
  const os::Os& os() const { return os_; }
  /// Monotonic nanoseconds, read once per turn.
  std::int64_t now_ns() const { return now_ns_; }

  /// The loop that runs on this thread; null outside of run().
  static Loop* current();

 private:
  Loop(const os::Os& os, FiberOptions fibers);
  // implementation members are the implementer's choice
  const os::Os& os_;
  TimerWheel timers_;
  Fibers fibers_;
  std::int64_t now_ns_ = 0;
};

}  // namespace segue::loop
