// The loop: each event reaches the watcher that asked for it, and nobody else.
#include "loop/loop.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <thread>

#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::loop {
namespace {

using os::Fd;
using os::real;
using segue::testing::FaultyOs;

class Listener final : public Watcher {
 public:
  explicit Listener(std::function<void(std::uint32_t)> action = [](std::uint32_t) {})
      : action_(std::move(action)) {}
  void on_ready(std::uint32_t events) override {
    ++calls;
    action_(events);
  }
  int calls = 0;

 private:
  std::function<void(std::uint32_t)> action_;
};

std::unique_ptr<Loop> make_loop() { return *Loop::create(real()); }

// Readable from the start.
Fd ready_fd() { return Fd(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)); }

TEST(Loop, a_ready_descriptor_reaches_its_watcher_until_it_is_unwatched) {
  const auto loop = make_loop();
  const auto fd = ready_fd();
  std::uint32_t seen = 0;
  Listener listener([&](std::uint32_t events) { seen = events; });
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  loop->turn(0);
  loop->turn(0);  // level-triggered: still there
  EXPECT_EQ(listener.calls, 2);
  EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLIN));
  loop->unwatch(fd.get());
  loop->turn(0);
  EXPECT_EQ(listener.calls, 2);
}

TEST(Loop, the_events_of_a_descriptor_can_be_changed) {
  const auto loop = make_loop();
  const auto fd = ready_fd();
  Listener listener;
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  loop->rewatch(fd.get(), 0);
  loop->turn(0);
  EXPECT_EQ(listener.calls, 0);
  loop->rewatch(fd.get(), EPOLLOUT);
  loop->turn(0);
  EXPECT_EQ(listener.calls, 1);
}

TEST(Loop, a_change_to_the_same_events_costs_no_call) {
  const auto loop = *Loop::create(FaultyOs::os());
  const auto fd = ready_fd();
  Listener listener;
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  FaultyOs::fail_only<&os::Os::epoll_ctl>(1, ENOMEM);
  loop->rewatch(fd.get(), EPOLLIN);
  EXPECT_FALSE(FaultyOs::happened());
  FaultyOs::disarm();
}

TEST(Loop, an_exclusive_watch_can_be_changed_although_the_kernel_forbids_it) {
  const auto loop = make_loop();
  const auto fd = ready_fd();
  Listener listener;
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN | EPOLLEXCLUSIVE, listener));
  loop->rewatch(fd.get(), EPOLLOUT | EPOLLEXCLUSIVE);
  loop->turn(0);
  EXPECT_EQ(listener.calls, 1);
}

TEST(Loop, a_change_that_the_kernel_refuses_reaches_the_watcher_as_an_error) {
  const auto loop = *Loop::create(FaultyOs::os());
  const auto fd = ready_fd();
  std::uint32_t seen = 0;
  Listener listener([&](std::uint32_t events) { seen = events; });
  ASSERT_TRUE(loop->watch(fd.get(), 0, listener));
  FaultyOs::fail_only<&os::Os::epoll_ctl>(1, ENOMEM);
  loop->rewatch(fd.get(), EPOLLIN);
  loop->turn(-1);
  EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLERR));
}

TEST(Loop, what_cannot_be_watched_is_an_error) {
  const auto loop = make_loop();
  Listener listener;
  EXPECT_FALSE(loop->watch(-1, EPOLLIN, listener));
  EXPECT_FALSE(loop->watch(9999, EPOLLIN, listener));
  const auto fd = ready_fd();
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  const auto twice = loop->watch(fd.get(), EPOLLIN, listener);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message,
            "cannot watch descriptor " + std::to_string(fd.get()) + ": file exists");
  loop->unwatch(-1);
  loop->unwatch(9999);
  loop->rewatch(-1, EPOLLIN);
}

TEST(Loop, an_event_of_this_turn_never_reaches_a_watcher_that_was_taken_off) {
  const auto loop = make_loop();
  std::array<Fd, 2> fds = {ready_fd(), ready_fd()};
  std::array<Listener, 2> listeners;
  int calls = 0;
  const auto take_both_off = [&](std::uint32_t) {
    ++calls;
    for (auto& fd : fds) loop->unwatch(fd.get());
  };
  Listener first(take_both_off);
  Listener second(take_both_off);
  ASSERT_TRUE(loop->watch(fds[0].get(), EPOLLIN, first));
  ASSERT_TRUE(loop->watch(fds[1].get(), EPOLLIN, second));
  loop->turn(0);
  EXPECT_EQ(calls, 1);
}

TEST(Loop, an_event_of_a_closed_descriptor_never_reaches_the_next_owner_of_the_number) {
  const auto loop = make_loop();
  std::array<Fd, 2> fds = {ready_fd(), ready_fd()};
  Listener stranger;  // its descriptor is not ready: any call is one for somebody else
  int calls = 0;
  const auto replace_other = [&](std::size_t other) {
    return [&, other](std::uint32_t) {
      ++calls;
      const int number = fds[other].get();
      loop->unwatch(number);
      fds[other].reset();
      fds[other].reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
      ASSERT_EQ(fds[other].get(), number);
      ASSERT_TRUE(loop->watch(number, EPOLLIN, stranger));
    };
  };
  Listener first(replace_other(1));
  Listener second(replace_other(0));
  ASSERT_TRUE(loop->watch(fds[0].get(), EPOLLIN, first));
  ASSERT_TRUE(loop->watch(fds[1].get(), EPOLLIN, second));
  loop->turn(0);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(stranger.calls, 0);
}

TEST(Loop, deferred_tasks_run_at_the_end_of_the_turn_and_their_own_in_the_next) {
  const auto loop = make_loop();
  const auto fd = ready_fd();
  std::vector<std::string> order;
  Listener listener([&](std::uint32_t) {
    loop->defer([&] {
      order.push_back("deferred");
      loop->defer([&] { order.push_back("next turn"); });
    });
    order.push_back("event");
    loop->unwatch(fd.get());
  });
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  loop->turn(-1);
  EXPECT_EQ(order, (std::vector<std::string>{"event", "deferred"}));
  loop->turn(-1);  // does not sleep: there is something to do
  EXPECT_EQ(order.back(), "next turn");
}

TEST(Loop, tasks_posted_by_many_threads_all_run_in_the_order_of_each) {
  constexpr int threads = 4;
  constexpr int each = 1'000;
  const auto loop = make_loop();
  std::array<int, threads> next{};
  int done = 0;
  std::vector<std::thread> posters;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    posters.emplace_back([&, thread] {
      for (int i = 0; i < each; ++i) {
        loop->post([&, thread, i] {
          EXPECT_EQ(next[thread]++, i);
          if (++done == threads * each) loop->stop();
        });
      }
    });
  }
  loop->run();
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(done, threads * each);
}

TEST(Loop, stop_from_another_thread_wakes_a_sleeping_loop) {
  const auto loop = make_loop();
  std::thread other;
  loop->post([&] { other = std::thread([&] { loop->stop(); }); });
  loop->run();
  other.join();
}

TEST(Loop, a_stop_before_the_run_is_not_lost) {
  const auto loop = make_loop();
  loop->stop();
  loop->run();
}

TEST(Loop, it_is_current_in_its_turns_only) {
  const auto loop = make_loop();
  EXPECT_EQ(Loop::current(), nullptr);
  loop->post([&] {
    EXPECT_EQ(Loop::current(), loop.get());
    loop->stop();
  });
  loop->run();
  EXPECT_EQ(Loop::current(), nullptr);
}

// What the loop asks epoll_wait for; the tests below look at it instead of at a clock.
std::atomic<int> asked_timeout = 0;
std::atomic<std::int64_t> fake_now_ns = 0;

os::Os with_fake_time() {
  os::Os os = real();
  os.epoll_wait = [](int epoll, epoll_event* events, int count, int timeout) {
    asked_timeout = timeout;
    return real().epoll_wait(epoll, events, count, 0);
  };
  os.monotonic_ns = [] { return fake_now_ns.load(); };
  return os;
}

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

TEST(Loop, it_sleeps_for_ever_without_timers_and_until_the_next_one_with_them) {
  const os::Os os = with_fake_time();
  const auto loop = *Loop::create(os);
  loop->turn(-1);
  EXPECT_EQ(asked_timeout, -1);
  loop->turn(1000);
  EXPECT_EQ(asked_timeout, 1000);
  Alarm alarm;
  loop->timers().set(alarm, 30);
  loop->turn(-1);
  EXPECT_EQ(asked_timeout, 30);
  loop->turn(10);
  EXPECT_EQ(asked_timeout, 10);
  fake_now_ns = 29'999'999;
  loop->turn(-1);
  EXPECT_EQ(alarm.fired, 0);
  EXPECT_EQ(loop->now_ns(), 29'999'999);
  fake_now_ns = 30'000'000;
  loop->turn(-1);
  EXPECT_EQ(alarm.fired, 1);
  loop->turn(-1);
  EXPECT_EQ(asked_timeout, -1);
  fake_now_ns = 0;
}

TEST(Loop, an_event_wins_over_the_deadline_that_it_moves) {
  const os::Os os = with_fake_time();
  const auto loop = *Loop::create(os);
  Alarm idle;
  loop->timers().set(idle, 30);
  const auto fd = ready_fd();
  Listener listener([&](std::uint32_t) { loop->timers().set(idle, 30); });
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  fake_now_ns = 5'000'000'000;  // the process was stopped for 5 s
  loop->turn(-1);
  EXPECT_EQ(idle.fired, 0);
  EXPECT_EQ(loop->timers().left(idle), 30u);
  fake_now_ns = 0;
}

TEST(Loop, a_delay_from_now_counts_from_this_moment_and_rounds_up) {
  const os::Os os = with_fake_time();
  const auto loop = *Loop::create(os);
  loop->turn(0);
  fake_now_ns = 7'500'000;  // 7.5 ms into the turn
  EXPECT_EQ(loop->delay_from_now(10), 18u);
  EXPECT_EQ(loop->delay_from_now(0xffffffff), TimerWheel::delay_ms_max);
  fake_now_ns = 0;
}

TEST(Loop, whichever_call_fails_creation_is_a_clean_error) {
  const auto before = segue::testing::open_descriptors();
  const int faults = segue::testing::for_each_fault(EMFILE, [](const os::Os& os) {
    const auto loop = Loop::create(os);
    if (loop) return;
    EXPECT_EQ(loop.error().code, ErrorCode::limit_exceeded);
  });
  EXPECT_EQ(faults, 3);
  EXPECT_EQ(segue::testing::open_descriptors(), before);
}

TEST(Loop, an_interrupted_wait_is_a_turn_without_events) {
  const auto loop = *Loop::create(FaultyOs::os());
  const auto fd = ready_fd();
  Listener listener;
  ASSERT_TRUE(loop->watch(fd.get(), EPOLLIN, listener));
  FaultyOs::fail_only<&os::Os::epoll_wait>(1, EINTR);
  loop->turn(0);
  EXPECT_EQ(listener.calls, 0);
  loop->turn(0);
  EXPECT_EQ(listener.calls, 1);
}

TEST(Loop, descriptors_with_high_numbers_are_watched_as_well) {
  const auto loop = make_loop();
  const auto fd = ready_fd();
  const Fd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 5000));
  ASSERT_GE(high.get(), 5000);
  Listener listener;
  ASSERT_TRUE(loop->watch(high.get(), EPOLLIN, listener));
  loop->turn(0);
  EXPECT_EQ(listener.calls, 1);
}

TEST(Loop, more_events_than_one_turn_takes_arrive_in_the_next) {
  constexpr std::size_t count = 600;
  const auto loop = make_loop();
  std::vector<Fd> fds;
  int calls = 0;
  for (std::size_t i = 0; i < count; ++i) fds.push_back(ready_fd());
  std::vector<Listener> listeners;
  listeners.reserve(count);
  for (auto& fd : fds) {
    const int number = fd.get();
    listeners.emplace_back([&calls, &loop, number](std::uint32_t) {
      ++calls;
      loop->unwatch(number);
    });
    ASSERT_TRUE(loop->watch(number, EPOLLIN, listeners.back()));
  }
  for (int turn = 0; turn < 3; ++turn) loop->turn(0);
  EXPECT_EQ(calls, static_cast<int>(count));
}

}  // namespace
}  // namespace segue::loop
