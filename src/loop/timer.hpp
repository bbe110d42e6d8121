// Timers on a hierarchical wheel, one millisecond a tick. Arming, moving and removing are O(1);
// moving a deadline later is one store: the wheel looks again when the old one comes due.
#pragma once

#include <array>
#include <cstdint>

namespace segue::loop {

/// What a list on the wheel is made of.
struct TimerLink {
  TimerLink* next = nullptr;
  TimerLink* prev = nullptr;
};

/// A deadline on a wheel. Embed it in what waits; it must outlive its time on the wheel
/// (the destructor takes it off). Loop thread only.
class Timer : private TimerLink {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual void on_timer() = 0;
  bool armed() const { return next != nullptr; }

 protected:
  ~Timer();

 private:
  friend class TimerWheel;
  std::uint32_t due_ = 0;     // tick at which on_timer() is due
  std::uint32_t placed_ = 0;  // tick for which it stands in the wheel, never later than due_
};

/// The wheel: ticks are milliseconds since its start, modulo 2^32; delays up to 24 days.
///
/// A deadline stands in the level of the highest 6-bit digit in which it differs from `position_`:
/// level 0 holds the ticks of this 64 ms, level 1 the later 64 ms of these 4 s, and so on. When
/// `position_` enters a slot of a higher level, what it holds moves down. Hence slots that matter
/// lie ahead of `position_` in their level, and the first one of the lowest level comes first.
class TimerWheel {
 public:
  TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();  ///< Takes every timer off without firing it.

  /// Fires `timer` once, `delay_ms` from `now()`; replaces its deadline if armed. Longer delays
  /// than `delay_ms_max` are shortened to it. A delay of 0 fires in the next `advance`.
  void set(Timer& timer, std::uint32_t delay_ms);
  static void cancel(Timer& timer);
  /// Milliseconds left, 0 if due or not armed, for deadlines that travel.
  std::uint32_t left(const Timer& timer) const;

  std::uint32_t now() const { return now_; }
  /// Tells the time without firing anything: later calls of `set` count from it. So a loop that
  /// slept can hand out events, which set timers, before it lets the due ones fire.
  void observe(std::uint32_t now);
  /// Moves time on and fires what is due. A timer may set or cancel any timer while it fires.
  void advance(std::uint32_t now);
  /// Milliseconds until the wheel wants `advance`, at most `at_most`; a lower bound, never late.
  /// `at_most` itself if no timer is armed.
  std::uint32_t until_next(std::uint32_t at_most) const;

  /// The same at a glance, for a loop that is busy: it may be too early, for what was cancelled.
  std::uint32_t quiet_for() const;

  static constexpr std::uint32_t delay_ms_max = 0x7fffffff;

 private:
  using Slot = TimerLink;  // the head of a circular list
  // Levels of 64 slots: 64 ms, 4 s, 4.4 min, 4.7 h, 12 d; the last has 4 slots and goes round.
  static constexpr int levels = 6;
  static constexpr int slots = 64;

  struct Level {
    std::array<Slot, slots> slot;
    std::uint64_t occupied = 0;  // bit i: slot i may hold timers (cancel leaves it set)
  };

  static void link(Slot& head, Timer& timer);
  static void unlink(Timer& timer);
  static Timer& first(Slot& head);
  void place(Timer& timer);
  void enter(std::uint32_t tick);
  void fire(Slot& head);
  void want(std::uint32_t next);
  std::uint32_t ticks_to(int level, int ahead) const;
  template <class Wanted>
  std::uint32_t ticks_to_next(Wanted wanted) const;

  std::array<Level, levels> levels_;
  Slot overdue_;                // due at or before position_: fires in the next advance
  std::uint32_t now_ = 0;       // as told
  std::uint32_t position_ = 0;  // up to here everything has fired
  std::uint32_t wanted_ = 0;    // no slot that matters is entered before
};

}  // namespace segue::loop
