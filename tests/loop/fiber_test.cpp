// Fibers: jobs that wait without holding up the thread.
#include "loop/fiber.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <deque>
#include <exception>
#include <functional>
#include <stdexcept>
#include <vector>

#include "tests/support/faulty_os.hpp"

namespace segue::loop {
namespace {

using Started = Fibers::Started;
using segue::testing::FaultyOs;

// start() with a function object, which must outlive the fiber.
Started start(Fibers& fibers, std::function<void()>& job) {
  return fibers.start([](void* it) { (*static_cast<std::function<void()>*>(it))(); }, &job);
}

#if defined(__SANITIZE_THREAD__)
constexpr std::size_t many = 1'000;  // TSan takes about 8,000 at most
#else
constexpr std::size_t many = 10'000;
#endif

TEST(Fibers, a_job_that_does_not_wait_is_finished_at_once) {
  Fibers fibers({});
  bool ran = false;
  std::function<void()> job = [&] {
    ran = true;
    EXPECT_TRUE(fibers.on_fiber());
  };
  EXPECT_FALSE(fibers.on_fiber());
  EXPECT_EQ(start(fibers, job), Started::finished);
  EXPECT_TRUE(ran);
  EXPECT_FALSE(fibers.on_fiber());
  EXPECT_EQ(fibers.waiting(), 0u);
}

TEST(Fibers, a_job_that_waits_goes_on_where_it_stopped) {
  Fibers fibers({});
  Parked place;
  std::vector<int> steps;
  std::function<void()> job = [&] {
    const int local = 7;
    steps.push_back(1);
    EXPECT_EQ(fibers.suspend(place), Wake::resumed);
    steps.push_back(local);
    fibers.suspend(place);
    steps.push_back(3);
  };
  EXPECT_EQ(start(fibers, job), Started::waiting);
  EXPECT_EQ(fibers.waiting(), 1u);
  EXPECT_TRUE(place.occupied());
  fibers.resume(place);
  EXPECT_EQ(steps, (std::vector{1, 7}));
  fibers.resume(place);
  EXPECT_EQ(steps, (std::vector{1, 7, 3}));
  EXPECT_EQ(fibers.waiting(), 0u);
  fibers.resume(place);  // nobody there
}

TEST(Fibers, a_stack_is_used_again_and_no_more_than_the_pool_are_kept) {
  Fibers fibers({.pooled_max = 2});
  std::array<Parked, 5> places;
  std::size_t next = 0;
  std::function<void()> job = [&] { fibers.suspend(places[next]); };
  for (; next < places.size(); ++next) ASSERT_EQ(start(fibers, job), Started::waiting);
  for (auto& place : places) fibers.resume(place);
  EXPECT_EQ(fibers.idle(), 2u);
  std::function<void()> empty = [] {};
  for (int i = 0; i < 100; ++i) ASSERT_EQ(start(fibers, empty), Started::finished);
  EXPECT_EQ(fibers.idle(), 2u);
}

TEST(Fibers, beyond_waiting_max_a_start_is_refused_until_one_ends) {
  Fibers fibers({.stack_bytes = 16 * 1024, .waiting_max = many, .pooled_max = 8});
  std::deque<Parked> places(many);
  std::size_t next = 0;
  std::function<void()> job = [&] { fibers.suspend(places[next]); };
  for (; next < many; ++next) ASSERT_EQ(start(fibers, job), Started::waiting) << next;
  bool ran = false;
  std::function<void()> one_more = [&] { ran = true; };
  EXPECT_EQ(start(fibers, one_more), Started::refused);
  EXPECT_FALSE(ran);
  fibers.resume(places[0]);
  EXPECT_EQ(start(fibers, one_more), Started::finished);
  for (auto& place : places) fibers.resume(place);
  EXPECT_EQ(fibers.waiting(), 0u);
}

TEST(Fibers, a_start_without_memory_is_refused_and_the_next_one_works) {
  for (int nth = 1; nth <= 2; ++nth) {
    Fibers fibers({}, FaultyOs::os());
    std::function<void()> job = [] {};
    FaultyOs::fail_only<&os::Os::mmap>(nth, ENOMEM);
    EXPECT_EQ(start(fibers, job), Started::refused);
    EXPECT_EQ(start(fibers, job), Started::finished);
  }
}

TEST(Fibers, cancelling_wakes_every_one_and_lets_later_waits_return_at_once) {
  Fibers fibers({});
  std::array<Parked, 3> places;
  std::size_t next = 0;
  std::vector<Wake> wakes;
  std::function<void()> job = [&] {
    wakes.push_back(fibers.suspend(places[next]));
    wakes.push_back(fibers.suspend(places[0]));
  };
  for (; next < places.size(); ++next) ASSERT_EQ(start(fibers, job), Started::waiting);
  next = 0;
  fibers.cancel_all();
  EXPECT_EQ(wakes, std::vector<Wake>(6, Wake::cancelled));
  EXPECT_EQ(fibers.waiting(), 0u);
  EXPECT_EQ(start(fibers, job), Started::finished);
}

TEST(Fibers, a_fiber_may_start_and_resume_others) {
  Fibers fibers({});
  Parked inner_place;
  std::vector<std::string> steps;
  std::function<void()> inner = [&] {
    steps.push_back("inner starts");
    fibers.suspend(inner_place);
    steps.push_back("inner goes on");
  };
  std::function<void()> outer = [&] {
    EXPECT_EQ(start(fibers, inner), Started::waiting);
    steps.push_back("outer");
    fibers.resume(inner_place);
    EXPECT_TRUE(fibers.on_fiber());
    steps.push_back("outer ends");
  };
  EXPECT_EQ(start(fibers, outer), Started::finished);
  EXPECT_EQ(steps,
            (std::vector<std::string>{"inner starts", "outer", "inner goes on", "outer ends"}));
}

TEST(Fibers, suspended_ones_are_left_alone_by_the_destructor) {
  bool destroyed = false;
  struct Witness {
    bool& destroyed;
    ~Witness() { destroyed = true; }
  };
  Parked place;
  std::function<void()> job;
  {
    Fibers fibers({});
    job = [&] {
      const Witness witness{destroyed};
      fibers.suspend(place);
    };
    ASSERT_EQ(start(fibers, job), Started::waiting);
  }
  EXPECT_FALSE(destroyed);
}

// Throws, catches, waits inside the catch block, and looks at its own exception again.
void catch_and_wait(Fibers& fibers, Parked& place, const std::string& text) {
  try {
    throw std::runtime_error(text);
  } catch (const std::runtime_error&) {
    fibers.suspend(place);
    try {
      throw;  // the one that this fiber caught, whatever the others did meanwhile
    } catch (const std::runtime_error& again) {
      EXPECT_EQ(again.what(), text);
    }
  }
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(Fibers, exceptions_belong_to_the_fiber_that_caught_them) {
  Fibers fibers({});
  std::array<Parked, 3> places;
  std::array<std::function<void()>, 3> jobs;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i] = [&fibers, &place = places[i], i] {
      catch_and_wait(fibers, place, "exception " + std::to_string(i));
    };
    ASSERT_EQ(start(fibers, jobs[i]), Started::waiting);
    EXPECT_EQ(std::current_exception(), nullptr);  // theirs, not the loop's
  }
  try {  // in any order, and while the loop itself handles one
    throw std::runtime_error("of the loop");
  } catch (const std::runtime_error& own) {
    for (const std::size_t i : {1u, 0u, 2u}) fibers.resume(places[i]);
    EXPECT_STREQ(own.what(), "of the loop");
    EXPECT_NE(std::current_exception(), nullptr);
  }
}

TEST(Fibers, a_wait_while_an_exception_unwinds_keeps_the_count_of_uncaught_ones) {
  Fibers fibers({});
  Parked place;
  struct WaitsInDestructor {
    Fibers& fibers;
    Parked& place;
    ~WaitsInDestructor() {
      EXPECT_EQ(std::uncaught_exceptions(), 1);
      fibers.suspend(place);
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }
  };
  bool caught = false;
  std::function<void()> job = [&] {
    try {
      const WaitsInDestructor waits{fibers, place};
      throw 7;
    } catch (int value) {
      caught = value == 7;
    }
  };
  ASSERT_EQ(start(fibers, job), Started::waiting);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  fibers.resume(place);
  EXPECT_TRUE(caught);
}

TEST(FibersDeathTest, an_exception_that_leaves_a_job_ends_the_program) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Fibers fibers({});
        fibers.start([](void*) { throw 7; }, nullptr);
      },
      "terminate");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Every frame is read from the one below it, so none can be left out.
int overflow(int depth, const std::array<char, 1024>& above) {
  std::array<char, 1024> frame{};
  frame.fill(static_cast<char>(depth));
  const int below = depth == 0 ? above[1] : overflow(depth - 1, frame);
  return below + frame[static_cast<std::size_t>(depth)] + above[0];
}

TEST(FibersDeathTest, a_stack_that_overflows_hits_the_guard_page) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Fibers fibers({.stack_bytes = 64 * 1024});
        fibers.start([](void*) { overflow(100, {}); }, nullptr);
      },
      "");
}
#endif

}  // namespace
}  // namespace segue::loop
