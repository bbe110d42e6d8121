// Due times that no slow server can move.
#include "soak/schedule.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(Schedule, requests_are_due_at_even_intervals_from_the_start) {
  Schedule schedule(1'000, 1e6, 1);
  for (std::int64_t i = 0; i < 1000; ++i) EXPECT_EQ(schedule.take(), 1'000 + i * 1'000);
}

TEST(Schedule, taking_late_moves_no_due_time) {
  Schedule schedule(0, 1000, 1);
  const std::int64_t late = 10'500'000;  // ten intervals and a half passed unseen
  int taken = 0;
  while (schedule.due(late)) {
    EXPECT_EQ(schedule.take(), taken * 1'000'000);
    ++taken;
  }
  EXPECT_EQ(taken, 11);
}

TEST(Schedule, a_burst_is_due_at_once_and_keeps_the_rate) {
  Schedule schedule(0, 1000, 4);
  EXPECT_EQ(schedule.burst(), 4u);
  EXPECT_EQ(schedule.take(), 0);
  EXPECT_EQ(schedule.take(), 4'000'000);
}

TEST(Schedule, rounding_errors_do_not_add_up) {
  Schedule schedule(0, 30'000, 1);
  std::int64_t due = 0;
  for (int i = 0; i <= 30'000 * 60; ++i) due = schedule.take();
  EXPECT_NEAR(static_cast<double>(due), 60e9, 2);
}

TEST(Schedule, without_a_rate_nothing_is_ever_due) {
  EXPECT_FALSE(Schedule().due(INT64_MAX - 1));
  EXPECT_FALSE(Schedule(0, 0, 1).due(INT64_MAX - 1));
  EXPECT_FALSE(Schedule(0, -1e-12, 1).due(INT64_MAX - 1));
}

}  // namespace
}  // namespace segue::soak
