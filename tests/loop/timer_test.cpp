// The wheel fires what a naive list of deadlines would fire, in the same turn, over any jumps.
#include "loop/timer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>

namespace segue::loop {
namespace {

constexpr std::uint32_t nothing = 0xffffffff;

class Alarm final : public Timer {
 public:
  explicit Alarm(std::function<void()> action = [] {}) : action_(std::move(action)) {}
  void on_timer() override {
    ++fired;
    action_();
  }
  int fired = 0;

 private:
  std::function<void()> action_;
};

TEST(TimerWheel, a_timer_fires_once_in_its_millisecond) {
  for (const std::uint32_t delay :
       {1u, 2u, 63u, 64u, 65u, 4095u, 4096u, 4097u, 262'143u, 262'144u, 75'000u, 16'777'216u,
        1'073'741'824u, TimerWheel::delay_ms_max}) {
    TimerWheel wheel;
    Alarm alarm;
    wheel.set(alarm, delay);
    EXPECT_EQ(wheel.left(alarm), delay);
    wheel.advance(delay - 1);
    EXPECT_EQ(alarm.fired, 0) << delay;
    EXPECT_TRUE(alarm.armed());
    wheel.advance(delay);
    EXPECT_EQ(alarm.fired, 1) << delay;
    EXPECT_FALSE(alarm.armed());
    wheel.advance(delay + 100'000);
    EXPECT_EQ(alarm.fired, 1) << delay;
  }
}

TEST(TimerWheel, a_delay_of_zero_fires_in_the_next_advance_even_without_time_passing) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.set(alarm, 0);
  EXPECT_EQ(wheel.until_next(1000), 0u);
  wheel.advance(0);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, a_timer_that_sets_itself_to_zero_does_not_hold_up_the_advance) {
  TimerWheel wheel;
  Alarm* self = nullptr;
  Alarm alarm([&] { wheel.set(*self, 0); });
  self = &alarm;
  wheel.set(alarm, 5);
  wheel.advance(5);
  EXPECT_EQ(alarm.fired, 1);
  wheel.advance(5);
  EXPECT_EQ(alarm.fired, 2);
}

TEST(TimerWheel, a_deadline_moves_later_and_earlier) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.set(alarm, 10);
  wheel.set(alarm, 100);
  wheel.advance(99);
  EXPECT_EQ(alarm.fired, 0);
  wheel.set(alarm, 1);
  wheel.advance(100);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, an_idle_timer_that_is_pushed_on_never_fires) {
  TimerWheel wheel;
  Alarm alarm;
  for (std::uint32_t now = 0; now < 300'000; now += 50) {
    wheel.advance(now);
    wheel.set(alarm, 75'000);
  }
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(wheel.now() + wheel.left(alarm));
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, ticks_wrap_around_at_32_bits) {
  TimerWheel wheel;
  wheel.advance(0x7fffffff);
  wheel.advance(0xfffffff0);
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (const std::uint32_t delay : {1u, 15u, 16u, 17u, 100u, 5'000u, 0x40000000u}) {
    alarms.push_back(std::make_unique<Alarm>());
    wheel.set(*alarms.back(), delay);
  }
  const auto fired = [&] {
    return std::count_if(alarms.begin(), alarms.end(), [](auto& alarm) { return alarm->fired; });
  };
  wheel.advance(0xffffffff);
  EXPECT_EQ(fired(), 2);
  wheel.advance(0);
  EXPECT_EQ(fired(), 3);
  wheel.advance(1);
  EXPECT_EQ(fired(), 4);
  wheel.advance(10'000);
  EXPECT_EQ(fired(), 6);
  wheel.advance(0x40000000u - 17);
  EXPECT_EQ(fired(), 6);
  wheel.advance(0x40000000u - 16);
  EXPECT_EQ(fired(), 7);
}

TEST(TimerWheel, it_keeps_up_however_long_nothing_was_armed) {
  TimerWheel wheel;
  for (std::uint32_t jump : {1u << 20, 1u << 31, 0xfffffff0u, 0xc0000000u}) {
    wheel.observe(wheel.now() + jump);  // a sleep of weeks, then an event sets a timer
    Alarm alarm;
    wheel.set(alarm, 70'000);
    wheel.advance(wheel.now());
    wheel.advance(wheel.now() + 69'999);
    EXPECT_EQ(alarm.fired, 0);
    wheel.advance(wheel.now() + 1);
    EXPECT_EQ(alarm.fired, 1);
  }
}

TEST(TimerWheel, a_timer_may_set_and_cancel_others_while_it_fires) {
  TimerWheel wheel;
  Alarm victim;
  Alarm later;
  Alarm killer([&] {
    TimerWheel::cancel(victim);
    wheel.set(later, 1);
  });
  wheel.set(killer, 10);
  wheel.set(victim, 10);  // the same slot, behind the one that cancels it
  wheel.advance(10);
  EXPECT_EQ(killer.fired, 1);
  EXPECT_EQ(victim.fired, 0);
  wheel.advance(11);
  EXPECT_EQ(later.fired, 1);
}

TEST(TimerWheel, what_ends_takes_itself_off) {
  TimerWheel wheel;
  {
    Alarm alarm;
    wheel.set(alarm, 10);
  }
  wheel.advance(100);
  EXPECT_EQ(wheel.until_next(nothing), nothing);
  auto gone = std::make_unique<TimerWheel>();
  Alarm survivor;
  gone->set(survivor, 10);
  gone.reset();
  EXPECT_FALSE(survivor.armed());
}

TEST(TimerWheel, an_empty_wheel_never_wants_time) {
  TimerWheel wheel;
  EXPECT_EQ(wheel.until_next(nothing), nothing);
  EXPECT_EQ(wheel.until_next(7), 7u);
  Alarm alarm;
  wheel.set(alarm, 30);
  EXPECT_EQ(wheel.until_next(nothing), 30u);
  EXPECT_EQ(wheel.until_next(7), 7u);
  TimerWheel::cancel(alarm);
  EXPECT_EQ(wheel.until_next(nothing), nothing);
}

TEST(TimerWheel, until_next_is_never_late_and_reaches_any_deadline_in_few_steps) {
  TimerWheel wheel;
  wheel.advance(12'345);
  for (const std::uint32_t delay : {1u, 64u, 5'000u, 300'000u, 20'000'000u, 0x7fffffffu}) {
    Alarm alarm;
    wheel.set(alarm, delay);
    const auto due = wheel.now() + delay;
    int steps = 0;
    while (alarm.fired == 0) {
      const auto wait = wheel.until_next(nothing);
      ASSERT_LE(wait, due - wheel.now());
      wheel.advance(wheel.now() + wait);
      ASSERT_LE(++steps, 7);
    }
    EXPECT_EQ(wheel.now(), due);
  }
}

// The naive model: a deadline per timer; all that are due fire when time moves on.
class Model {
 public:
  explicit Model(std::uint32_t seed) : random_(seed) {
    for (auto& timer : timers_) timer = std::make_unique<Alarm>();
  }

  void step() {
    const auto which = random_() % timers_.size();
    switch (random_() % 8) {
      case 0:
        TimerWheel::cancel(*timers_[which]);
        due_[which] = {};
        break;
      case 1:
      case 2:
        advance(jump());
        break;
      case 3:
        now_ += 1;
        wheel_.observe(static_cast<std::uint32_t>(now_));
        set(which);
        advance(0);
        break;
      default:
        set(which);
    }
  }

  void check() {
    for (std::size_t i = 0; i < timers_.size(); ++i) {
      ASSERT_EQ(timers_[i]->fired, fired_[i]) << "timer " << i << " at " << now_;
      ASSERT_EQ(timers_[i]->armed(), due_[i].has_value());
      if (due_[i]) {
        ASSERT_EQ(wheel_.left(*timers_[i]), *due_[i] - now_);
      }
    }
    check_until_next();
  }

 private:
  void check_until_next() {
    std::uint64_t earliest = ~0ull;
    for (const auto& due : due_) earliest = std::min(earliest, due.value_or(~0ull));
    const auto wait = wheel_.until_next(nothing);
    if (earliest == ~0ull) {
      ASSERT_EQ(wait, nothing);
    } else {
      ASSERT_LE(wait, earliest - now_);
    }
  }

  void set(std::size_t which) {
    const auto delay = static_cast<std::uint32_t>(jump());
    wheel_.set(*timers_[which], delay);
    due_[which] = now_ + delay;
  }

  void advance(std::uint64_t by) {
    now_ += by;
    wheel_.advance(static_cast<std::uint32_t>(now_));
    for (std::size_t i = 0; i < timers_.size(); ++i) {
      if (!due_[i] || *due_[i] > now_) continue;
      due_[i] = {};
      ++fired_[i];
    }
  }

  // Mostly near, sometimes up to 12 days away.
  std::uint64_t jump() { return (random_() & 0xffffffff) >> (2 + random_() % 30); }

  static constexpr std::size_t count = 50;
  std::mt19937 random_;
  TimerWheel wheel_;
  std::uint64_t now_ = 0;  // does not wrap, as the wheel's does
  std::array<std::unique_ptr<Alarm>, count> timers_;
  std::array<std::optional<std::uint64_t>, count> due_;
  std::array<int, count> fired_{};
};

TEST(TimerWheel, a_glance_at_the_wheel_is_never_later_than_a_look) {
  std::mt19937 engine(11);
  const auto random = [&engine](std::uint32_t below) {
    return static_cast<std::uint32_t>(engine() % below);
  };
  TimerWheel wheel;
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int i = 0; i < 64; ++i) alarms.push_back(std::make_unique<Alarm>());
  for (int step = 0; step < 20'000; ++step) {
    Alarm& alarm = *alarms[random(64)];
    switch (random(3)) {
      case 0:
        wheel.set(alarm, random(100'000));
        break;
      case 1:
        TimerWheel::cancel(alarm);
        break;
      default:
        wheel.advance(wheel.now() + random(200));
        break;
    }
    ASSERT_LE(wheel.quiet_for(), wheel.until_next(0x7fffffff)) << step;
  }
}

TEST(TimerWheel, it_does_what_a_list_of_deadlines_does) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    Model model(seed);
    for (int step = 0; step < 5'000; ++step) {
      model.step();
      model.check();
      if (HasFatalFailure()) FAIL() << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace segue::loop
