// Something that a fiber waits for: a one-shot event with an optional deadline.
#pragma once

#include <cstdint>

#include "loop/fiber.hpp"
#include "loop/loop.hpp"

namespace segue::loop {

enum class Waited : std::uint8_t {
  ready,      ///< The event is set.
  timed_out,  ///< The deadline passed first.
  cancelled,  ///< The loop's fibers were cancelled first, or the caller is on no fiber of it.
};

/// Set once, waited for by at most one fiber at a time. Loop thread only; it must outlive its wait.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return set_; }
  /// Sets it and runs the fiber that waits, until that waits again or ends; the event may be gone
  /// then. Setting it again changes nothing.
  void set();
  /// Suspends the calling fiber until the event is set; returns at once if it is.
  Waited wait();
  /// The same, for about `ms` at most and never less.
  Waited wait_for(std::uint32_t ms);

 private:
  Loop& loop_;
  Parked place_;
  bool set_ = false;
};

}  // namespace segue::loop
