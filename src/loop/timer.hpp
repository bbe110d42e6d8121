// Timers on a hierarchical wheel, one millisecond a tick. Arming, moving and removing are O(1);
// moving a deadline later is one store: the wheel looks again when the old one comes due.
#pragma once

#include <array>
#include <cstdint>

namespace segue::loop {

/// A deadline on a wheel. Embed it in what waits; it must outlive its time on the wheel
/// (the destructor takes it off). Loop thread only.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual void on_timer() = 0;
  bool armed() const { return next_ != nullptr; }

 protected:
  ~Timer();

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer* prev_ = nullptr;
  std::uint32_t due_ = 0;     // tick at which on_timer() is due
  std::uint32_t placed_ = 0;  // tick for which it stands in the wheel, never later than due_
};

/// The wheel: ticks are milliseconds since its start, modulo 2^32 (deadlines up to 24 days).
class TimerWheel {
 public:
  TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();  ///< Takes every timer off without firing it.

  /// Fires `timer` once, `delay_ms` from `now()`; replaces its deadline if armed.
  void set(Timer& timer, std::uint32_t delay_ms);
  static void cancel(Timer& timer);
  /// Milliseconds left, 0 if due, for deadlines that travel.
  std::uint32_t left(const Timer& timer) const;

  std::uint32_t now() const { return now_; }
  /// Moves time on and fires what is due. A timer may set or cancel any timer while it fires.
  void advance(std::uint32_t now);
  /// Milliseconds until the wheel wants `advance`, at most `at_most`; a lower bound, never late.
  std::uint32_t until_next(std::uint32_t at_most) const;

 private:
  struct Slot;  // list head
  // levels of 64 slots: 64 ms, 4 s, 4.4 min, 4.7 h, 12 d ...
  static constexpr int levels = 6;
  static constexpr int slots = 64;
  // implementation members are the implementer's choice
  std::uint32_t now_ = 0;
};

}  // namespace segue::loop
