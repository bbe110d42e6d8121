// Fibers: pooled stacks on which handlers run, so that a wait reads as in Go. A fiber stays on its
// loop's thread, is never destroyed while suspended, and its waits can be cancelled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace segue::loop {

struct FiberOptions {
  std::size_t stack_bytes = 128 * 1024;  ///< Lazily touched, with a guard page below.
  std::size_t waiting_max = 10'000;      ///< Fibers suspended at one time; start() then refuses.
  std::size_t pooled_max = 64;           ///< Idle stacks kept.
};

enum class Wake : std::uint8_t { resumed, cancelled };

/// A place where one fiber sleeps until somebody resumes it. Lives on the fiber's stack.
class Parked;

class Fibers {
 public:
  explicit Fibers(FiberOptions options);
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  enum class Started : std::uint8_t { finished, waiting, refused };
  /// Runs `job(argument)` on a fiber until it ends or waits. `refused`: waiting_max is reached, or no
  /// stack could be had. A job that lets an exception out ends the program.
  Started start(void (*job)(void*), void* argument);

  /// Suspends the current fiber. Must be called on a fiber of this object.
  Wake suspend(Parked& place);
  /// Goes on with the fiber parked at `place`, from the loop (not from a fiber), until it ends or
  /// waits again.
  void resume(Parked& place, Wake wake = Wake::resumed);
  /// Resumes every suspended fiber with `cancelled`, and makes later waits return it at once.
  void cancel_all();

  bool on_fiber() const;       ///< Whether the caller runs on one of these fibers.
  std::size_t waiting() const;  ///< Fibers suspended now.
};

class Parked {
 public:
  Parked() = default;
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;
  // implementation members are the implementer's choice
};

/// Suspends the calling handler for `ms`. Off a fiber: blocks the thread.
Wake sleep_for(std::uint32_t ms);

}  // namespace segue::loop
