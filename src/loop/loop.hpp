// One epoll loop for one thread. Everything but post() and stop() belongs to the loop's thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
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
  /// Errors: no epoll or eventfd to be had.
  static Result<std::unique_ptr<Loop>> create(const os::Os& os, FiberOptions fibers = {});
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Watches `fd` (level-triggered EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLEXCLUSIVE...). One watcher
  /// per descriptor.
  Result<void> watch(int fd, std::uint32_t events, Watcher& watcher);
  /// Changes the events of a watched descriptor; 0 keeps it registered for errors only. Costs
  /// nothing if they are the same. Should the kernel refuse, the watcher gets EPOLLERR at the end
  /// of the turn.
  void rewatch(int fd, std::uint32_t events);
  /// Stops watching; always before the descriptor is closed, for a dup elsewhere keeps it in epoll.
  /// No event of the current turn reaches the watcher any more, even if the number is reused within
  /// the turn.
  void unwatch(int fd);

  /// Runs `task` on the loop's thread, soon, never from within this call. Any thread; in the order
  /// of the calls of each.
  void post(std::function<void()> task);
  /// Runs `task` once at the end of the current turn (after all its events); a task deferred by a
  /// deferred task at the end of the next one. Loop thread.
  void defer(std::function<void()> task);

  /// Turns until stop(); returns at once if stop() came first. Makes itself `current()`.
  void run();
  /// One turn: waits at most `timeout_ms` (-1: until something happens). For tests and run().
  /// In a turn: events, then timers, then posted tasks, then deferred ones.
  void turn(int timeout_ms);
  void stop();  ///< Any thread.

  TimerWheel& timers() { return timers_; }
  Fibers& fibers() { return fibers_; }
  const os::Os& os() const { return os_; }
  /// Monotonic nanoseconds, read once per turn.
  std::int64_t now_ns() const { return now_ns_; }

  /// The delay to give `timers()` for at least `ms` from this very moment: the wheel counts from
  /// the start of the turn, in whole milliseconds. Reads the clock.
  std::uint32_t delay_from_now(std::uint32_t ms) const;

  /// The loop that runs on this thread; null outside of its turns.
  static Loop* current();

 private:
  // One descriptor: 16 bytes, for every number up to the highest that was watched.
  struct Entry {
    Watcher* watcher = nullptr;
    std::uint32_t generation = 0;  // counts the owners of the number; part of each event
    std::uint32_t events = 0;      // as the kernel knows them
  };
  static_assert(sizeof(Entry) == 16);
  static constexpr std::size_t entries_per_chunk = 1024;
  using Chunk = std::array<Entry, entries_per_chunk>;

  struct Waker final : Watcher {
    explicit Waker(Loop& owner) : loop(owner) {}
    void on_ready(std::uint32_t events) override;
    Loop& loop;
  };

  Loop(const os::Os& os, FiberOptions fibers);
  Entry& entry(int fd);
  Entry* watched(int fd);
  std::uint32_t tick_at(std::int64_t ns) const;
  int control(int operation, int fd, const Entry& entry);
  void deliver(std::uint64_t key, std::uint32_t events);
  void wake();
  int wait_ms(int timeout_ms) const;
  void run_posted();
  void run_deferred();

  const os::Os& os_;
  TimerWheel timers_;
  Fibers fibers_;
  std::int64_t now_ns_;
  const std::int64_t start_ns_;
  os::Fd epoll_;
  os::Fd wake_fd_;
  Waker waker_{*this};
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::function<void()>> deferred_;
  std::vector<std::function<void()>> running_;
  bool busy_ = false;  // the last turn had events
  bool woken_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by posted_mutex_
};

}  // namespace segue::loop
