// Waits of fibers on a loop: sleeping, and events with deadlines.
#include "loop/wait.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>

#include "loop/loop.hpp"

namespace segue::loop {
namespace {

using Started = Fibers::Started;

Started start(Loop& loop, std::function<void()>& job) {
  return loop.fibers().start([](void* it) { (*static_cast<std::function<void()>*>(it))(); }, &job);
}

// Runs the job on a fiber of a loop that turns until the job has ended.
void run_on_fiber(Loop& loop, std::function<void()> job) {
  std::function<void()> whole = [&] {
    job();
    loop.stop();
  };
  loop.post([&] { start(loop, whole); });
  loop.run();
}

std::unique_ptr<Loop> make_loop() { return *Loop::create(os::real()); }

TEST(SleepFor, it_sleeps_at_least_as_long_as_asked_while_the_loop_goes_on) {
  const auto loop = make_loop();
  bool other_ran = false;
  const auto begin = std::chrono::steady_clock::now();
  run_on_fiber(*loop, [&] {
    loop->post([&] { other_ran = true; });
    EXPECT_EQ(sleep_for(20), Wake::resumed);
    EXPECT_TRUE(other_ran);
  });
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TEST(SleepFor, off_a_fiber_it_blocks_the_thread) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(sleep_for(5), Wake::resumed);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(5));
}

TEST(SleepFor, a_cancelled_sleep_ends_at_once) {
  const auto loop = make_loop();
  std::optional<Wake> wake;
  std::function<void()> job = [&] { wake = sleep_for(3'600'000); };
  loop->post([&] {
    EXPECT_EQ(start(*loop, job), Started::waiting);
    loop->fibers().cancel_all();
    loop->stop();
  });
  loop->run();
  EXPECT_EQ(wake, Wake::cancelled);
  EXPECT_EQ(loop->timers().until_next(0xffffffff), 0xffffffff);  // its timer is off the wheel
}

TEST(Event, a_wait_ends_when_it_is_set) {
  const auto loop = make_loop();
  run_on_fiber(*loop, [&] {
    Event event(*loop);
    loop->post([&] { event.set(); });
    EXPECT_EQ(event.wait(), Waited::ready);
    EXPECT_EQ(event.wait(), Waited::ready);  // it stays set
    EXPECT_EQ(event.wait_for(1), Waited::ready);
  });
}

TEST(Event, a_wait_for_one_that_is_set_does_not_suspend) {
  const auto loop = make_loop();
  Event event(*loop);
  event.set();
  event.set();
  std::function<void()> job = [&] { EXPECT_EQ(event.wait(), Waited::ready); };
  EXPECT_EQ(start(*loop, job), Started::finished);
}

TEST(Event, a_deadline_that_passes_first_is_said) {
  const auto loop = make_loop();
  run_on_fiber(*loop, [&] {
    Event event(*loop);
    EXPECT_EQ(event.wait_for(2), Waited::timed_out);
    loop->post([&] { event.set(); });
    EXPECT_EQ(event.wait_for(60'000), Waited::ready);
  });
  EXPECT_EQ(loop->timers().until_next(0xffffffff), 0xffffffff);
}

TEST(Event, cancelled_fibers_are_told_so) {
  const auto loop = make_loop();
  Event event(*loop);
  std::vector<Waited> seen;
  std::function<void()> job = [&] {
    seen.push_back(event.wait());
    seen.push_back(event.wait_for(10));
  };
  ASSERT_EQ(start(*loop, job), Started::waiting);
  loop->fibers().cancel_all();
  EXPECT_EQ(seen, (std::vector{Waited::cancelled, Waited::cancelled}));
}

TEST(Event, off_a_fiber_a_wait_would_never_end_so_it_is_cancelled) {
  const auto loop = make_loop();
  Event event(*loop);
  EXPECT_EQ(event.wait(), Waited::cancelled);
  EXPECT_EQ(event.wait_for(5), Waited::cancelled);
}

TEST(Event, one_fiber_may_set_what_another_waits_for) {
  const auto loop = make_loop();
  Event event(*loop);
  bool woken = false;
  std::function<void()> waiter = [&] { woken = event.wait() == Waited::ready; };
  std::function<void()> setter = [&] {
    event.set();
    EXPECT_TRUE(woken);
  };
  ASSERT_EQ(start(*loop, waiter), Started::waiting);
  EXPECT_EQ(start(*loop, setter), Started::finished);
}

}  // namespace
}  // namespace segue::loop
