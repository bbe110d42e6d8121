// Fibers: pooled stacks on which handlers run, so that a wait reads as in Go. A fiber stays on its
// loop's thread, is never destroyed while suspended, and its waits can be cancelled.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/os.hpp"

namespace segue::loop {

struct FiberOptions {
  std::size_t stack_bytes = 128 * 1024;  ///< Lazily touched, with a guard page below.
  std::size_t waiting_max = 10'000;      ///< Fibers suspended at one time; start() then refuses.
  std::size_t pooled_max = 64;           ///< Idle stacks kept.
};

enum class Wake : std::uint8_t { resumed, cancelled };

class Fibers;
struct Fiber;

/// A place where one fiber sleeps until somebody resumes it. Lives on the fiber's stack.
class Parked {
 public:
  Parked() = default;
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;

  /// Whether a fiber sleeps here.
  bool occupied() const { return fiber_ != nullptr; }

 private:
  friend class Fibers;
  Fiber* fiber_ = nullptr;
  Parked* next_ = nullptr;
  Parked* prev_ = nullptr;
  Wake wake_ = Wake::resumed;
};

class Fibers {
 public:
  explicit Fibers(FiberOptions options, const os::Os& os = os::real());
  /// Frees the idle stacks. Those of fibers that still wait are left alone: nothing may run their
  /// destructors, and what they refer to may be gone. Use cancel_all() first.
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  enum class Started : std::uint8_t { finished, waiting, refused };
  /// Runs `job(argument)` on a fiber until it ends or waits. `refused`: waiting_max is reached, or
  /// no stack could be had. A job that lets an exception out ends the program. From a fiber this
  /// nests: the caller goes on when the new one ends or waits.
  Started start(void (*job)(void*), void* argument);

  /// Suspends the current fiber. Must be called on a fiber of this object.
  Wake suspend(Parked& place);
  /// Goes on with the fiber parked at `place`, until it ends or waits again. From the loop, or
  /// nested from another fiber. The place may be gone afterwards. Nobody there: nothing happens.
  void resume(Parked& place, Wake wake = Wake::resumed);
  /// Resumes every suspended fiber with `cancelled`, and makes later waits return it at once. From
  /// the loop, not from a fiber.
  void cancel_all();

  bool on_fiber() const {
    return current_ != nullptr;
  }                                                 ///< Whether the caller runs on one of these.
  std::size_t waiting() const { return waiting_; }  ///< Fibers suspended now.
  std::size_t idle() const { return idle_count_; }  ///< Stacks kept for the next jobs.
  bool cancelled() const { return cancelled_; }     ///< Whether cancel_all() was called.

 private:
  Fiber* make();
  void keep_or_free(Fiber* fiber);
  void free_stack(Fiber* fiber);
  template <bool first_time>
  bool enter(Fiber& fiber);

  FiberOptions options_;
  const os::Os& os_;
  Fiber* current_ = nullptr;
  Fiber* idle_ = nullptr;
  std::size_t idle_count_ = 0;
  std::size_t waiting_ = 0;
  bool cancelled_ = false;
  Parked parked_;  // head of the circular list of places where fibers wait
};

/// Suspends the calling handler for at least `ms`, by the timers of the loop that runs on this
/// thread. Off a fiber: blocks the thread.
Wake sleep_for(std::uint32_t ms);

}  // namespace segue::loop
