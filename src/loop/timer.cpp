// The timer wheel. Ticks wrap at 2^32, so they are compared by their difference, never by order.
#include "loop/timer.hpp"

#include <bit>

namespace segue::loop {
namespace {

constexpr int digit_bits = 6;
constexpr std::uint32_t digit_mask = 63;
constexpr std::uint32_t nothing = 0xffffffff;
constexpr std::uint32_t quiet_max = 0x3fffffff;  // keeps wanted_ within half the circle of ticks

bool at_or_after(std::uint32_t tick, std::uint32_t other) {
  return static_cast<std::int32_t>(tick - other) >= 0;
}

int digit(std::uint32_t tick, int level) {
  return static_cast<int>((tick >> (digit_bits * level)) & digit_mask);
}

void make_empty(TimerLink& head) { head.next = head.prev = &head; }

bool is_empty(const TimerLink& head) { return head.next == &head; }

}  // namespace

Timer::~Timer() { TimerWheel::cancel(*this); }

TimerWheel::TimerWheel() {
  for (auto& level : levels_) {
    for (auto& slot : level.slot) make_empty(slot);
  }
  make_empty(overdue_);
}

TimerWheel::~TimerWheel() {
  const auto clear = [](Slot& head) {
    while (!is_empty(head)) unlink(first(head));
  };
  for (auto& level : levels_) {
    for (auto& slot : level.slot) clear(slot);
  }
  clear(overdue_);
}

void TimerWheel::set(Timer& timer, std::uint32_t delay_ms) {
  timer.due_ = now_ + (delay_ms < delay_ms_max ? delay_ms : delay_ms_max);
  if (timer.armed()) {
    // The common case, a deadline moved later: looked at again where it stands.
    if (at_or_after(timer.due_, timer.placed_)) return;
    unlink(timer);
  }
  place(timer);
}

void TimerWheel::cancel(Timer& timer) {
  if (timer.armed()) unlink(timer);
}

std::uint32_t TimerWheel::left(const Timer& timer) const {
  return timer.armed() && at_or_after(timer.due_, now_) ? timer.due_ - now_ : 0;
}

void TimerWheel::observe(std::uint32_t now) {
  now_ = now;
  if (!at_or_after(now, wanted_)) {
    position_ = now;
    return;
  }
  // With nothing on the way the wheel keeps up, however long the sleep was.
  const auto occupied = [](const Level& level, int slot) {
    return !is_empty(level.slot[static_cast<std::size_t>(slot)]);
  };
  const std::uint32_t next = ticks_to_next(occupied);
  if (next <= now - position_) return;
  want(next);
  position_ = now;
}

// `next` ticks from the position: nothing is on the wheel before.
void TimerWheel::want(std::uint32_t next) {
  wanted_ = position_ + (next < quiet_max ? next : quiet_max);
}

void TimerWheel::advance(std::uint32_t now) {
  observe(now);
  fire(overdue_);
  if (position_ == now_) return;
  const auto marked = [](const Level& level, int slot) {
    return (level.occupied >> slot & 1) != 0;
  };
  while (position_ != now_) {
    const std::uint32_t next = ticks_to_next(marked);
    if (next > now_ - position_) {
      position_ = now_;
    } else {
      enter(position_ + next);
    }
  }
  want(ticks_to_next(marked));
}

std::uint32_t TimerWheel::quiet_for() const {
  if (!is_empty(overdue_) || at_or_after(now_, wanted_)) return 0;
  return wanted_ - now_;
}

std::uint32_t TimerWheel::until_next(std::uint32_t at_most) const {
  if (!is_empty(overdue_)) return 0;
  const auto occupied = [](const Level& level, int slot) {
    return !is_empty(level.slot[static_cast<std::size_t>(slot)]);
  };
  const std::uint32_t next = ticks_to_next(occupied);
  if (next == nothing) return at_most;
  const std::uint32_t passed = now_ - position_;
  if (next <= passed) return 0;
  return next - passed < at_most ? next - passed : at_most;
}

void TimerWheel::link(Slot& head, Timer& timer) {
  timer.prev = head.prev;
  timer.next = &head;
  head.prev->next = &timer;
  head.prev = &timer;
}

void TimerWheel::unlink(Timer& timer) {
  timer.prev->next = timer.next;
  timer.next->prev = timer.prev;
  timer.next = timer.prev = nullptr;
}

Timer& TimerWheel::first(Slot& head) { return static_cast<Timer&>(*head.next); }

void TimerWheel::place(Timer& timer) {
  timer.placed_ = timer.due_;
  const std::uint32_t difference = timer.due_ ^ position_;
  if (difference == 0 || !at_or_after(timer.due_, position_)) {
    link(overdue_, timer);
    return;
  }
  const int level = (31 - std::countl_zero(difference)) / digit_bits;
  const int slot = digit(timer.due_, level);
  auto& row = levels_[static_cast<std::size_t>(level)];
  link(row.slot[static_cast<std::size_t>(slot)], timer);
  row.occupied |= std::uint64_t{1} << slot;
  const std::uint32_t entered = timer.due_ >> (digit_bits * level) << (digit_bits * level);
  if (!at_or_after(entered, wanted_)) wanted_ = entered;
}

// Makes `tick` the position: what a higher level holds from here on moves down, and what is due at
// the tick itself (it lands in overdue_, or stands in level 0) fires.
void TimerWheel::enter(std::uint32_t tick) {
  const std::uint32_t changed = tick ^ position_;
  position_ = tick;
  for (int level = levels - 1; level >= 0; --level) {
    if (changed >> (digit_bits * level) == 0) continue;
    auto& row = levels_[static_cast<std::size_t>(level)];
    const int slot = digit(tick, level);
    row.occupied &= ~(std::uint64_t{1} << slot);
    auto& head = row.slot[static_cast<std::size_t>(slot)];
    while (!is_empty(head)) {
      auto& timer = first(head);
      unlink(timer);
      place(timer);
    }
  }
  fire(overdue_);
}

// Fires what the list holds now; what is added meanwhile waits for the next time.
void TimerWheel::fire(Slot& head) {
  if (is_empty(head)) return;
  Slot firing = head;
  firing.next->prev = firing.prev->next = &firing;
  make_empty(head);
  while (!is_empty(firing)) {
    auto& timer = first(firing);
    unlink(timer);
    if (timer.due_ != position_ && at_or_after(timer.due_, position_)) {
      place(timer);  // it was moved later while it stood here
    } else {
      timer.on_timer();
    }
  }
}

std::uint32_t TimerWheel::ticks_to(int level, int ahead) const {
  const int shift = digit_bits * level;
  const std::uint32_t start = (position_ >> shift) << shift;
  return start + (static_cast<std::uint32_t>(ahead) << shift) - position_;
}

// Ticks from the position to the next slot for which `wanted` holds; `nothing` if there is none.
template <class Wanted>
std::uint32_t TimerWheel::ticks_to_next(Wanted wanted) const {
  for (int level = 0; level < levels; ++level) {
    const auto& row = levels_[static_cast<std::size_t>(level)];
    const int here = digit(position_, level);
    const bool last = level == levels - 1;  // two bits are left for it: 4 slots that go round
    std::uint64_t rest = last ? row.occupied | row.occupied << 4 : row.occupied;
    const std::uint64_t ahead = last ? 7 : here == slots - 1 ? 0 : ~std::uint64_t{0};
    rest &= ahead << 1 << here;
    for (; rest != 0; rest &= rest - 1) {
      const int slot = std::countr_zero(rest);
      if (wanted(row, last ? slot & 3 : slot)) return ticks_to(level, slot - here);
    }
  }
  return nothing;
}

}  // namespace segue::loop
