// Which requests were due during a handover.
#include "soak/window.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(Windows, a_request_belongs_to_a_window_by_when_it_was_due) {
  Windows windows;
  EXPECT_FALSE(windows.contain(5));
  windows.start(10);
  windows.end(20);
  windows.start(30);
  windows.end(40);
  for (const std::int64_t due : {10, 15, 20, 30, 40}) EXPECT_TRUE(windows.contain(due)) << due;
  for (const std::int64_t due : {9, 21, 29, 41}) EXPECT_FALSE(windows.contain(due)) << due;
}

TEST(Windows, a_window_that_has_not_ended_contains_everything_since_its_start) {
  Windows windows;
  windows.start(10);
  EXPECT_TRUE(windows.contain(1'000'000));
  EXPECT_FALSE(windows.contain(9));
  windows.end(20);
  EXPECT_FALSE(windows.contain(1'000'000));
}

}  // namespace
}  // namespace segue::soak
